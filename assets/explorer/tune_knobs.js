// The knobs that a recorded run can answer for, as sliders, ticks and lists.
(function (DraftScope) {
  'use strict';

  const { el, say, setText, tuneWords: words } = DraftScope;

  const shown = (value) => (typeof value === 'boolean' ? (value ? words.on : words.off) : words.choices[value] || String(value));

  /** A control and how to read and set it: {node, get, set, name, turn}. */
  function knob(turn, recorded, onTurn) {
    const [name, kind, low, high] = turn;
    const output = el('output', { class: 'ds-knob-value' });
    const input = control(kind, low, high);
    input.setAttribute('aria-label', words.names[name]);
    const get = () => (kind === 'switch' ? input.checked : kind === 'choice' ? input.value : Number(input.value));
    const set = (value) => {
      if (kind === 'switch') input.checked = value;
      else input.value = String(value);
      setText(output, shown(get()));
      if (input.type === 'range') input.setAttribute('aria-valuetext', shown(get()));
    };
    input.addEventListener('input', () => {
      setText(output, shown(get()));
      onTurn(name);
    });
    const node = el('div', { class: 'ds-knob', 'data-knob': name, title: words.hints[name] },
      el('div', { class: 'ds-knob-head' }, el('span', { class: 'ds-name' }, words.names[name]), output), input,
      el('span', { class: 'ds-kind' }, say(words.recorded, { value: shown(recorded) })));
    set(recorded);
    return { name, turn, node, get, set };
  }

  function control(kind, low, high) {
    if (kind === 'switch') return el('input', { type: 'checkbox', class: 'ds-check' });
    if (kind === 'choice') return el('select', { class: 'ds-speed' }, ...Object.entries(words.choices).map(([value, text]) => el('option', { value }, text)));
    return el('input', { type: 'range', class: 'ds-slider', min: low, max: high, step: kind === 'whole' ? 1 : 0.01 });
  }

  /** What a link's text stands for on a knob: within its bounds, one of its choices; null where it is neither. */
  function meant([, kind, low, high], text) {
    if (kind === 'switch') return { true: true, false: false }[text] ?? null;
    if (kind === 'choice') return Object.hasOwn(words.choices, text) ? text : null;
    const number = Number(text);
    if (text === '' || !Number.isFinite(number) || (kind === 'whole' && !Number.isInteger(number))) return null;
    return Math.max(low, Math.min(high, number));
  }

  class Knobs {
    constructor(facts, onTurn) {
      this.facts = facts;
      this.all = facts.turns.map((turn) => knob(turn, facts.knobs[turn[0]], onTurn));
      this.node = el('div', { class: 'ds-knobs', role: 'group', 'aria-label': words.knobs }, ...this.all.map((one) => one.node));
    }

    /** What is asked for: the recorded value where a slider has not been moved, however finely it was recorded. */
    get asked() {
      return Object.fromEntries(this.all.map((one) => [one.name, this._moved(one) ? one.get() : this.facts.knobs[one.name]]));
    }

    _moved(one) {
      const recorded = this.facts.knobs[one.name];
      return one.turn[1] !== 'number' || Math.abs(one.get() - recorded) > 0.0051;
    }

    /** Those turned away from what was recorded, by name. */
    get turned() {
      return Object.fromEntries(Object.entries(this.asked).filter(([name, value]) => value !== this.facts.knobs[name]));
    }

    /** Turn knobs to what a link holds for them. */
    take(texts) {
      for (const one of this.all) {
        const value = Object.hasOwn(texts, one.name) ? meant(one.turn, String(texts[one.name])) : null;
        if (value !== null) one.set(value);
      }
    }

    named(name) { return this.all.find((one) => one.name === name); }

    reset() {
      for (const one of this.all) one.set(this.facts.knobs[one.name]);
    }
  }

  Object.assign(DraftScope, { Knobs, shownKnob: shown });
})(window.DraftScope = window.DraftScope || {});
