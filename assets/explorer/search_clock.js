// The iterations of one search: a slider and a button to play them. What is drawn is decided by the search part.
(function (DraftScope) {
  'use strict';

  const { el, strings, say } = DraftScope;
  const WHOLE = 3000; // milliseconds for all iterations of a search

  class SearchClock {
    constructor() {
      this.slider = el('input', { type: 'range', min: '0', class: 'ds-slider', 'aria-label': strings.iterations });
      this.button = el('button', { type: 'button', class: 'ds-button', 'aria-label': strings.playSearch }, strings.playSearch);
      this.said = el('span', { class: 'ds-tick-text' });
      this.node = el('div', { class: 'ds-search-clock' }, this.button, this.slider, this.said);
      this.slider.addEventListener('input', () => {
        this.stop();
        this._draw();
      });
      this.button.addEventListener('click', () => (this._frame ? this.stop() : this._play()));
    }

    /** A search to show, whole unless it is the one that is shown already. */
    show(step, iterations, draw) {
      this.draw = draw;
      if (this.search !== step.search) {
        this.stop();
        this.search = step.search;
        this.slider.max = String(iterations);
        this.slider.value = String(iterations);
      }
      this._draw();
    }

    _draw() {
      const until = Number(this.slider.value);
      this.said.textContent = say(strings.iterationOf, { iteration: until, last: this.slider.max });
      this.draw(until);
    }

    _play() {
      const last = Number(this.slider.max);
      const from = Number(this.slider.value) >= last ? 0 : Number(this.slider.value);
      const began = performance.now() - (WHOLE * from) / last;
      const tick = (now) => {
        this.slider.value = String(Math.min(last, Math.floor((last * (now - began)) / WHOLE)));
        this._draw();
        if (Number(this.slider.value) < last) this._frame = requestAnimationFrame(tick);
        else this.stop();
      };
      this.button.textContent = strings.pauseSearch;
      this._frame = requestAnimationFrame(tick);
    }

    /** Stand still: also where a step has no search. */
    stop() {
      cancelAnimationFrame(this._frame);
      this._frame = 0;
      this.button.textContent = strings.playSearch;
    }
  }

  DraftScope.SearchClock = SearchClock;
})(window.DraftScope = window.DraftScope || {});
