// A line over the range of a knob: exact stretches solid, estimated ones broken; the recorded and the chosen value marked.
(function (DraftScope) {
  'use strict';

  const { svg } = DraftScope;
  const ROOM = { left: 44, right: 14, top: 26, bottom: 24 };

  /** Three to six round numbers from `low` to `high`. */
  function ticks(low, high) {
    const span = high - low || 1;
    const unit = 10 ** Math.floor(Math.log10(span / 3));
    const step = [1, 2, 5, 10].map((times) => times * unit).find((size) => span / size <= 5.5);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(6)));
    return found;
  }

  class Curve {
    /** `of`: the key of an outcome; `unit` follows a value; `digits` of it. */
    constructor({ of, title, unit, digits, height, onPick }) {
      Object.assign(this, { of, title, unit, digits, height });
      this.fixed = svg('g', {});
      this.moving = svg('g', {});
      this.node = svg('svg', { class: 'ds-curve', height, role: 'img' }, this.fixed, this.moving);
      const pick = (event) => {
        if (!event.buttons || !this.scale) return;
        const { left, width } = this.node.getBoundingClientRect();
        const at = (event.clientX - left) * this.width / width;
        onPick(this.range[0] + (at - ROOM.left) / (this.width - ROOM.left - ROOM.right) * (this.range[1] - this.range[0]));
      };
      this.node.addEventListener('pointerdown', pick);
      this.node.addEventListener('pointermove', pick);
    }

    /** `points`: [{at, outcome}]; `alone`: what the model alone gives; `range` of the knob. */
    draw({ points, alone, range, width, recorded }) {
      const values = [...points.map((point) => point.outcome[this.of]), alone].filter((value) => value !== null);
      const [low, high] = [Math.min(...values, 0), Math.max(...values, 0) * 1.08 || 1];
      const floor = this.height - ROOM.bottom;
      const x = (at) => ROOM.left + (at - range[0]) / (range[1] - range[0] || 1) * (width - ROOM.left - ROOM.right);
      const y = (value) => floor - (value - low) / (high - low) * (floor - ROOM.top);
      Object.assign(this, { width, range, scale: { x, y }, floor });
      this.node.setAttribute('width', width);
      this.node.setAttribute('viewBox', '0 0 ' + width + ' ' + this.height);
      const across = (value, kind) => svg('path', { class: kind, d: 'M' + ROOM.left + ' ' + y(value) + 'H' + (width - ROOM.right) });
      const yTicks = ticks(low, high).flatMap((value) => [across(value, 'ds-grid-line'),
        svg('text', { class: 'ds-tick ds-tick-left', x: ROOM.left - 8, y: y(value) + 4 }, String(value))]);
      const xTicks = ticks(...range).map((value) => svg('text', { class: 'ds-tick', x: x(value), y: this.height - 6 }, String(value)));
      this.fixed.replaceChildren(...yTicks, ...xTicks, across(alone, 'ds-alone'),
        svg('path', { class: 'ds-was', d: 'M' + x(recorded) + ' ' + ROOM.top + 'V' + floor }),
        ...this._lines(points), svg('text', { class: 'ds-tick ds-tick-row ds-curve-title', x: 0, y: 14 }, this.title));
    }

    /** One path for each stretch of one kind, each reaching to the next. */
    _lines(points) {
      const { x, y } = this.scale;
      const stretches = [];
      points.forEach(({ at, outcome }) => {
        if (outcome[this.of] === null) return;
        const place = x(at).toFixed(1) + ' ' + y(outcome[this.of]).toFixed(1);
        const open = stretches[stretches.length - 1];
        if (open) open.places.push(place);
        if (!open || open.kind !== outcome.kind) stretches.push({ kind: outcome.kind, places: [place] });
      });
      return stretches.map(({ kind, places }) => svg('path', { class: 'ds-line-' + kind, d: 'M' + places.join('L') }));
    }

    /** The chosen value, where it lies and what it gives. */
    mark(at, outcome, label) {
      const value = outcome[this.of];
      this.node.setAttribute('aria-label', label);
      if (!this.scale || value === null) return this.moving.replaceChildren();
      const { x, y } = this.scale;
      const late = x(at) > this.width - 90;
      this.moving.replaceChildren(svg('path', { class: 'ds-chosen', d: 'M' + x(at) + ' ' + ROOM.top + 'V' + this.floor }),
        svg('circle', { class: 'ds-chosen-dot', cx: x(at), cy: y(value), r: 5 }),
        svg('text', { class: 'ds-tick ds-tick-chosen ' + (late ? 'ds-tick-left' : 'ds-tick-row'), x: x(at) + (late ? -9 : 9), y: Math.max(y(value) - 8, ROOM.top + 4) },
          value.toFixed(this.digits) + this.unit));
      return undefined;
    }
  }

  Object.assign(DraftScope, { Curve, ticks });
})(window.DraftScope = window.DraftScope || {});
