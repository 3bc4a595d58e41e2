// What each lane ran, in the order of computing and measured in layer calls, with each step's seconds beneath.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, duration, count } = DraftScope;
  const LEFT = 72;
  const ROW = 26;
  const TOP = 6;
  const STEP_WIDTH = 46; // of a plain step: one pass through all layers

  class Timeline {
    constructor(host) {
      this.host = host;
      this.canvas = el('canvas', { class: 'ds-canvas ds-grab', role: 'application', tabindex: '0', 'aria-roledescription': strings.timeRole });
      this.zoom = new DraftScope.Zoom(host, this.canvas, () => this.frame.reach);
      this.empty = el('p', { class: 'ds-empty' }, strings.timeEmpty);
      this.about = el('span', { class: 'ds-about' });
      this.node = el('section', { class: 'ds-panel ds-panel-time' },
        el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, strings.timeTitle), this.about, this.zoom.node), this.empty, this.canvas);
      this.canvas.addEventListener('pointermove', (event) => this._hover(event));
      this.canvas.addEventListener('pointerleave', () => host.tip.hide());
      this.canvas.addEventListener('click', (event) => {
        const found = this._at(event);
        if (found && !this.zoom.dragged) host.goto(found.index);
      });
    }

    draw(scene, state) {
      const filled = Boolean(scene && scene.steps.length);
      this.empty.hidden = filled;
      this.canvas.hidden = this.zoom.node.hidden = !filled;
      this.zoom.draw(state);
      if (!filled) {
        this.about.textContent = '';
        return;
      }
      const frame = this._frame(scene, state);
      this.frame = frame;
      const height = TOP + frame.lanes.length * ROW + 40;
      const context = DraftScope.prepare(this.canvas, state.width, height);
      context.save();
      context.beginPath();
      context.rect(LEFT - 2, 0, state.width - LEFT + 2, height);
      context.clip();
      for (const span of frame.spans) this._span(context, scene, state, span);
      context.restore();
      this._lanes(context, state);
      this._say(scene, state);
    }

    /** The steps in view, the current one at the end unless one looks further back, each with its place in pixels. */
    _frame(scene, state) {
      const { zoom } = state;
      const scale = STEP_WIDTH * zoom / scene.head.model.num_layers;
      const room = state.width - LEFT - 8;
      const gap = Math.max(1, Math.min(4, 4 * zoom));
      const widthOf = (index) => Math.max(1, Math.min(6, 6 * zoom), scene.steps[index].calls * scale) + gap;
      let [first, used] = [state.step, widthOf(state.step)];
      while (first > 0 && used < room + state.pan) used += widthOf(--first);
      const reach = first > 0 ? Infinity : Math.max(0, used - room);
      const spans = [];
      let x = LEFT - Math.max(0, used - room) + Math.min(state.pan, reach);
      for (let index = first; index <= state.step && x < LEFT + room; index++) {
        const width = widthOf(index);
        if (x + width > LEFT) spans.push({ index, x, width });
        x += width;
      }
      return { spans, scale, gap, reach, lanes: Array.from(scene.grid.lanes).reverse() };
    }

    _span(context, scene, state, { index, x, width }) {
      const { palette } = state;
      const { scale, lanes } = this.frame;
      const step = scene.steps[index];
      const bottom = TOP + lanes.length * ROW;
      const current = index === state.step;
      const start = step.blocks && step.blocks.length ? step.blocks[0][3] : 0;
      for (const [lane, first, last, at, ranges] of step.blocks || []) {
        const isTarget = lane === 'target';
        if (current && state.phase === 'draft' && isTarget) continue;
        const y = TOP + lanes.indexOf(lane) * ROW;
        const wide = Math.max(1, (last - first) * scale - Math.min(1, 4 * scale));
        context.fillStyle = palette[isTarget ? 'ran' : 'ran-draft'];
        context.fillRect(x + (at - start) * scale, y + 3, wide, ROW - 8);
        const slots = ranges.reduce((sum, range) => sum + range[1], 0);
        this._inside(context, state, '×' + slots, x + (at - start) * scale, y + ROW / 2 - 1, wide);
      }
      context.fillStyle = current ? palette.accent : palette.line;
      context.fillRect(x, bottom + 2, width - this.frame.gap, current ? 3 : 2);
      this._below(context, step, state, x, width, bottom, current);
    }

    _inside(context, state, text, x, y, wide) {
      context.font = '10px ' + state.palette.sans;
      if (context.measureText(text).width > wide - 6) return;
      context.fillStyle = state.palette.surface;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText(text, x + wide / 2, y);
    }

    _below(context, step, state, x, width, bottom, current) {
      const [draft, verify, other] = step.seconds;
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      context.fillStyle = current ? state.palette.accent : state.palette.muted;
      context.font = (current ? '600 ' : '') + '11px ' + state.palette.sans;
      const name = step.i === 0 ? strings.prompt : String(step.i);
      if (current || context.measureText(name).width < width - 2) context.fillText(name, x, bottom + 14);
      context.font = '10px ' + state.palette.sans;
      context.fillStyle = state.palette.muted;
      const time = duration(draft + verify + other);
      if (context.measureText(time).width < width - 2) context.fillText(time, x, bottom + 29);
    }

    _lanes(context, state) {
      context.font = '12px ' + state.palette.sans;
      context.fillStyle = state.palette.muted;
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      this.frame.lanes.forEach((lane, row) => context.fillText(lane.slice(0, 10), 0, TOP + row * ROW + ROW / 2 - 1));
      const bottom = TOP + this.frame.lanes.length * ROW;
      context.font = '11px ' + state.palette.sans;
      context.fillText(strings.axisStep, 0, bottom + 14);
      context.fillText(strings.axisSeconds, 0, bottom + 29);
    }

    _say(scene, state) {
      const step = scene.steps[state.step];
      const [draft, verify, other] = step.seconds;
      this.canvas.setAttribute('aria-label', say(strings.timeLabel, { step: state.step }));
      this.about.textContent = say(strings.took, { step: state.step, time: duration(draft + verify + other),
        tokens: count(strings.tokens, step.text.length) }) + ' (' + this._split(step) + ')';
    }

    _split(step) {
      const [draft, verify, other] = step.seconds.map(duration);
      return say(strings.tipSplit, { draft, verify, other });
    }

    _at(event) {
      const [x] = DraftScope.pointIn(this.canvas, event);
      const found = this.frame && this.frame.spans.find((span) => x >= span.x && x < span.x + span.width);
      return found || null;
    }

    _hover(event) {
      const found = this._at(event);
      if (!found) return this.host.tip.hide();
      const step = this.host.scene.steps[found.index];
      const lines = [say(strings.tipStep, { step: found.index }) + ' · ' + this._split(step)];
      for (const [lane, first, last, , ranges] of (step.blocks || []).slice(0, 6)) {
        const slots = ranges.reduce((sum, range) => sum + range[1], 0);
        lines.push(lane.slice(0, 20) + ': ' + say(strings.tipBlock, { first, last: last - 1, tokens: count(strings.tokens, slots) }));
      }
      return this.host.tip.show(event.clientX, event.clientY, lines);
    }
  }

  DraftScope.Timeline = Timeline;
})(window.DraftScope = window.DraftScope || {});
