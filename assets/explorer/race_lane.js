// One lane of a race: its name and figures, a track on which every token is a block, and its text.
(function (DraftScope) {
  'use strict';

  const { el, svg, strings, say, count, setText, duration } = DraftScope;
  const ORIGINS = { accepted: 'accepted', bonus: 'bonus', recovered: 'bonus', plain: 'plain' };

  /** The whole track, drawn once: tokens as blocks by how they came to be, steps parted. */
  function track(lane, clock) {
    const paths = { accepted: '', bonus: '', plain: '' };
    lane.pieces.forEach(([, origin], at) => { paths[ORIGINS[origin]] += 'M' + at + ' 0h1v1h-1z'; });
    const parted = clock.tokens.slice(0, -1).map((at) => 'M' + at + ' 0v1').join('');
    return svg('svg', { class: 'ds-track-blocks', viewBox: '0 0 ' + Math.max(1, lane.pieces.length) + ' 1', preserveAspectRatio: 'none',
      'aria-hidden': 'true' },
    ...Object.entries(paths).map(([origin, d]) => svg('path', { class: 'ds-block-' + origin, d })),
    svg('path', { class: 'ds-block-parted', d: parted, 'vector-effect': 'non-scaling-stroke' }));
  }

  class RaceLane {
    /** `place` counts from 1, in the order of finishing. */
    constructor(lane, clock, place) {
      this.lane = lane;
      this.clock = clock;
      this.tokens = -1;
      this.name = lane.head.method.name;
      this.place = el('span', { class: 'ds-place' }, strings.places[place - 1]);
      this.now = el('span', { class: 'ds-lane-now' });
      this.rate = el('span', { class: 'ds-lane-rate' });
      this.done = track(lane, clock);
      this.track = el('div', { class: 'ds-lane-track', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': clock.numTokens,
        'aria-label': say(strings.raceTrack, { method: this.name }) }, this.done);
      this.spans = lane.pieces.map(([text, origin], at) => this._span(text, origin, at));
      this.flow = el('p', { class: 'ds-flow', dir: 'auto' }, ...this.spans);
      this.area = el('div', { class: 'ds-text', tabindex: '0', role: 'group', 'aria-label': say(strings.raceText, { method: this.name }) }, this.flow);
      this._end();
      this.node = el('section', { class: 'ds-panel ds-lane', 'data-method': this.name },
        el('header', { class: 'ds-lane-head' }, el('h3', { class: 'ds-title' }, this.name), this.place, this.now, this.rate),
        el('div', { class: 'ds-lane-run' }, this.track, this.area));
    }

    _span(text, origin, at) {
      const blank = text.trim() ? '' : ' ds-blank';
      const differs = this.lane.text.at === at;
      return el('span', { class: 'ds-piece ds-from-' + origin + blank + (differs ? ' ds-differs' : ''), hidden: true,
        title: differs ? say(strings.otherTextNote, { at }) : strings.fates[origin] }, text);
    }

    /** What came after a stop string is struck through: computed, but not part of the answer. */
    _end() {
      for (const [at, kept] of this.lane.dropped) {
        const rest = this.lane.pieces[at][0].slice(kept.length);
        this.spans[at].replaceChildren(document.createTextNode(kept), el('s', { class: 'ds-dropped', title: strings.dropped }, rest));
      }
      const newest = this.spans[this.spans.length - 1];
      if (newest && this.lane.tail) newest.appendChild(document.createTextNode(this.lane.tail));
    }

    /** The lane as it stands `seconds` after the start. */
    draw(seconds) {
      const { step, tokens, seconds: run, finished } = this.clock.at(seconds);
      setText(this.now, say(strings.raceNow, { time: duration(run), tokens: count(strings.tokens, tokens) }));
      const rate = ((tokens - this.clock.tokens[0]) / step).toFixed(2);
      setText(this.rate, say(step ? strings.raceGain : strings.raceFirst, { steps: count(strings.steps, step), rate }));
      this.node.toggleAttribute('data-finished', finished);
      if (tokens !== this.tokens) this._show(tokens);
    }

    _show(tokens) {
      const all = this.clock.numTokens;
      this.done.style.clipPath = 'inset(0 ' + (100 * (1 - tokens / Math.max(1, all))).toFixed(3) + '% 0 0)';
      this.track.setAttribute('aria-valuenow', String(tokens));
      const from = Math.max(0, Math.min(this.tokens, tokens));
      const to = this.tokens < 0 ? this.spans.length : Math.max(this.tokens, tokens);
      for (let at = from; at < to; at++) this.spans[at].hidden = at >= tokens;
      this.tokens = tokens;
      this.area.scrollTop = this.area.scrollHeight;
    }
  }

  DraftScope.RaceLane = RaceLane;
})(window.DraftScope = window.DraftScope || {});
