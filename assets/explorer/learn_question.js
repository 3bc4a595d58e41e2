// Predict, then reveal: the reader picks or types, sees whether it was right and why, and the view moves to the evidence.
(function (DraftScope) {
  'use strict';

  const { el, say, learnWords: words, inlines } = DraftScope;

  class LearnQuestion {
    /** `earlier`: [given, right] or null; `onReveal(given, right)`; `onEvidence()` moves the view. */
    constructor(asked, name, earlier, onReveal, onEvidence) {
      Object.assign(this, { asked, name, onReveal, onEvidence });
      this.inputs = asked.choices.length ? this._radios() : [this._field()];
      this.button = el('button', { type: 'button', class: 'ds-plain-button ds-reveal' }, words.reveal);
      this.button.addEventListener('click', () => this._press());
      this.result = el('div', { class: 'ds-result', role: 'status', 'aria-live': 'polite' });
      const hidden = DraftScope.flags.hides('answers');
      this.node = el('div', { class: 'ds-question' },
        el('fieldset', {}, el('legend', {}, ...inlines(asked.text)), ...this.rows),
        hidden ? el('p', { class: 'ds-note' }, words.hidden) : this.button, this.result);
      if (earlier && !hidden) this._show(earlier[0]);
    }

    _radios() {
      const inputs = this.asked.choices.map((_, at) => el('input', { type: 'radio', name: this.name, value: at }));
      this.rows = this.asked.choices.map((choice, at) => el('label', { class: 'ds-choice' }, inputs[at],
        el('span', {}, ...inlines(choice)), el('span', { class: 'ds-sign', 'aria-hidden': 'true' })));
      return inputs;
    }

    _field() {
      const input = el('input', { type: 'number', min: 0, max: 9999, step: 1, inputmode: 'numeric', class: 'ds-guess', 'aria-label': words.number });
      input.addEventListener('keydown', (event) => { if (event.key === 'Enter') this._press(); });
      this.rows = [el('label', { class: 'ds-choice ds-choice-number' }, input, el('span', {}, this.asked.unit))];
      return input;
    }

    /** What was picked or typed, or null. */
    _given() {
      if (!this.asked.choices.length) return /^\d{1,4}$/.test(this.inputs[0].value) ? Number(this.inputs[0].value) : null;
      const picked = this.inputs.find((input) => input.checked);
      return picked ? Number(picked.value) : null;
    }

    _press() {
      if (this.revealed) return this.onEvidence();
      const given = this._given();
      if (given === null) return this.result.replaceChildren(el('p', {}, words.pick));
      this.onReveal(given, given === this.asked.answer);
      this._show(given);
      return this.onEvidence();
    }

    _show(given) {
      const { asked } = this;
      const right = given === asked.answer;
      this.revealed = true;
      this.node.setAttribute('data-verdict', right ? 'right' : 'wrong');
      this.button.textContent = words.showAgain;
      for (const input of this.inputs) input.disabled = true;
      if (asked.choices.length) this._mark(given);
      else this.inputs[0].value = String(given);
      const yours = right || asked.choices.length ? null : say(words.yours, { given });
      this.result.replaceChildren(el('p', { class: 'ds-verdict-word' }, right ? words.right : words.wrong, yours ? ' ' + yours : null),
        el('p', {}, ...inlines(asked.because)));
    }

    _mark(given) {
      this.rows.forEach((row, at) => {
        const kind = at === this.asked.answer ? 'right' : at === given ? 'wrong' : null;
        if (this.inputs[at].value === String(given)) this.inputs[at].checked = true;
        if (!kind) return;
        row.setAttribute('data-kind', kind);
        row.lastChild.textContent = kind === 'right' ? '✓' : '✗';
      });
    }
  }

  DraftScope.LearnQuestion = LearnQuestion;
})(window.DraftScope = window.DraftScope || {});
