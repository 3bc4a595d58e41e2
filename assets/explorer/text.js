// The output: every piece marked by how it came to be, the current step underlined, later pieces not shown yet.
(function (DraftScope) {
  'use strict';

  const { el, strings } = DraftScope;

  class TextPanel {
    constructor(host) {
      this.host = host;
      this.scene = undefined; // nothing drawn yet
      this.spans = [];
      this.prompt = el('p', { class: 'ds-prompt' });
      this.fold = el('details', { class: 'ds-fold' }, el('summary', {}, strings.promptLabel), this.prompt);
      this.flow = el('p', { class: 'ds-flow', dir: 'auto' });
      this.area = el('div', { class: 'ds-text', tabindex: '0', role: 'group', 'aria-label': strings.outputTitle }, this.flow);
      this.node = el('section', { class: 'ds-panel ds-panel-text' },
        el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, strings.outputTitle), this.fold), this.area);
      this.area.addEventListener('click', (event) => {
        const span = event.target.closest('[data-slot]');
        if (span) host.select(Number(span.getAttribute('data-slot')), Number(span.getAttribute('data-step')));
      });
    }

    draw(scene, state) {
      if (scene !== this.scene) this._reset(scene);
      if (!scene || !scene.steps.length) return;
      if (this.prompt.textContent !== scene.prompt) this.prompt.textContent = scene.prompt;
      this._extend(scene);
      const committed = state.phase === 'commit' ? state.step + 1 : state.step;
      const until = committed < scene.steps.length ? scene.steps[committed].firstPiece : scene.pieces.length;
      this._show(until);
      this._markCurrent(scene, state, until);
      if (scene.end && !this.ended) this._finish(scene);
    }

    _reset(scene) {
      this.scene = scene;
      this.spans = [];
      this.until = 0;
      this.current = [];
      this.matched = [];
      this.selected = null;
      this.ended = false;
      this.flow.replaceChildren();
      this.fold.hidden = !scene || !scene.steps.length;
      if (!scene || !scene.steps.length) {
        this.flow.appendChild(el('span', { class: 'ds-empty' }, strings.outputEmpty));
        this.scene = undefined;
      }
    }

    /** Spans for pieces that came since; they start unseen. */
    _extend(scene) {
      for (let at = this.spans.length; at < scene.pieces.length; at++) {
        const piece = scene.pieces[at];
        const blank = piece.text.trim() ? '' : ' ds-blank';
        const span = el('span', { class: 'ds-piece ds-from-' + piece.origin + blank, 'data-slot': piece.slot,
          'data-step': piece.step, 'data-later': true }, piece.text);
        this.spans.push(span);
        this.flow.appendChild(span);
      }
    }

    /** Later pieces keep their place unseen: the text stands still while it is gone through, and needs no new layout. */
    _show(until) {
      for (let at = this.until; at < until; at++) this.spans[at].removeAttribute('data-later');
      for (let at = until; at < this.until; at++) this.spans[at].setAttribute('data-later', '');
      this.until = until;
    }

    _markCurrent(scene, state, until) {
      for (const span of this.current) span.classList.remove('ds-current');
      const from = scene.steps[state.step].firstPiece;
      this.current = this.spans.slice(from, until);
      for (const span of this.current) span.classList.add('ds-current');
      this._markMatched(scene, state);
      if (this.selected) this.selected.classList.remove('ds-selected');
      this.selected = state.slot === null ? null : this.spans.find((span, at) => scene.pieces[at].slot === state.slot) || null;
      if (this.selected) this.selected.classList.add('ds-selected');
    }

    /** The text that this step's guesses were copied after. */
    _markMatched(scene, state) {
      for (const span of this.matched) span.classList.remove('ds-matched');
      const [from, until] = DraftScope.matchedPieces(scene, scene.step(state.step));
      this.matched = this.spans.slice(Math.max(0, from), Math.max(0, until));
      for (const span of this.matched) span.classList.add('ds-matched');
    }

    /** The newest line at the bottom, the text before it above, once everything has its place: also when going back. */
    settle() {
      const span = this.spans[this.until - 1];
      const bottom = span ? span.offsetTop + 32 : 0; // from the top of the area, which is positioned
      this.area.scrollTop = Math.max(0, bottom - this.area.clientHeight);
    }

    /** What came after a stop string is struck through: computed, but not part of the answer. */
    _finish(scene) {
      this.ended = true;
      const bySlot = new Map(scene.pieces.map((piece, at) => [piece.slot, at]));
      for (const [slot, kept] of scene.end.dropped || []) {
        const span = this.spans[bySlot.get(slot)];
        const rest = scene.pieces[bySlot.get(slot)].text.slice(kept.length);
        span.replaceChildren(document.createTextNode(kept), el('s', { class: 'ds-dropped', title: strings.dropped }, rest));
      }
      const newest = this.spans[this.spans.length - 1];
      if (newest && scene.end.tail) newest.appendChild(document.createTextNode(scene.end.tail));
    }
  }

  DraftScope.TextPanel = TextPanel;
})(window.DraftScope = window.DraftScope || {});
