// Layers x tokens: a column for every slot that was computed, bottom layer at the bottom, in the order of computing.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, setText } = DraftScope;
  const LEFT = 44;
  const TOP = 20; // the row of fate marks
  const BOTTOM = 56; // token and step labels
  const WIDEST = 20;
  const NARROWEST = 14;
  const MOST_LAYERS = 4096; // as many as a trace may have; a drawing of more would never end
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  class Heatmap {
    constructor(host) {
      this.host = host;
      this.canvas = el('canvas', { class: 'ds-canvas', role: 'application', tabindex: '0', 'aria-roledescription': strings.heatRole });
      this.empty = el('p', { class: 'ds-empty' }, strings.heatEmpty);
      this.words = el('p', { class: 'ds-words', 'aria-live': 'polite' });
      this.scale = el('span', { class: 'ds-scale' }, strings.cellLow, el('i', { class: 'ds-ramp' }), strings.cellHigh);
      this.node = el('section', { class: 'ds-panel ds-panel-layers' },
        el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, strings.heatTitle), this.scale), this.empty, this.canvas, this.words);
      this.canvas.addEventListener('pointermove', (event) => this._hover(event));
      this.canvas.addEventListener('pointerleave', () => host.tip.hide());
      this.canvas.addEventListener('click', (event) => this._pick(event));
      this.canvas.addEventListener('keydown', (event) => this._key(event));
    }

    draw(scene, state) {
      const filled = Boolean(scene && scene.steps.length);
      this.empty.hidden = filled;
      this.canvas.hidden = !filled;
      this.words.hidden = !filled;
      this.scale.hidden = !filled || scene.head.observe !== 'full';
      if (!filled) return;
      const frame = this._frame(scene, state);
      this.frame = frame;
      const context = DraftScope.prepare(this.canvas, state.heatWidth, frame.height);
      const palette = state.palette;
      context.fillStyle = palette.sunken;
      context.fillRect(LEFT, TOP, Math.max(0, frame.to - frame.from) * frame.cw, frame.layers * frame.ch);
      for (let at = frame.from; at < frame.to; at++) this._column(context, scene, state, at);
      DraftScope.heatmapLabels(context, scene, state, frame);
      this._cursor(context, scene, state);
      this.canvas.setAttribute('aria-label', say(strings.heatLabel, { step: state.step, layers: frame.layers }));
    }

    /** Which columns are in view and how large a cell is: a pure function of scene, step and width. */
    _frame(scene, state) {
      const { grid } = scene;
      const end = grid.endOf(state.step, state.phase);
      const full = grid.endOf(state.step, 'commit');
      const room = Math.max(60, state.heatWidth - LEFT - 4);
      const cw = Math.max(NARROWEST, Math.min(WIDEST, Math.floor(room / Math.max(1, grid.columns.length))));
      const capacity = Math.floor(room / cw);
      // The newest columns, unless the reader has walked to older ones.
      const from = Math.max(0, Math.min(full - capacity, state.cell ? state.cell.at : Infinity));
      let layers = scene.head.model.num_layers;
      for (let at = from; at < full; at++) for (const run of grid.columns[at].runs) layers = Math.max(layers, run[1]);
      layers = Math.min(MOST_LAYERS, layers);
      const ch = Math.max(3, Math.min(11, Math.floor(250 / layers)));
      return { from, to: Math.min(end, from + capacity), cw, ch, layers, height: TOP + layers * ch + BOTTOM,
        x: (at) => LEFT + (at - from) * cw, y: (layer) => TOP + (layers - 1 - layer) * ch };
    }

    _column(context, scene, state, at) {
      const { cw, ch, layers } = this.frame;
      const column = scene.grid.columns[at];
      const x = this.frame.x(at);
      const palette = state.palette;
      const top = Math.min(layers, scene.grid.numLayers(column.lane));
      for (let layer = 0; layer < top; layer++) {
        const cell = scene.grid.cell(column, layer, state);
        if (!cell) continue;
        const y = this.frame.y(layer);
        if (cell.kind === 'skipped') {
          DraftScope.hatch(context, x, y, cw - 1, ch - 1, palette.edge);
          continue;
        }
        const look = column.looks.get(layer);
        context.fillStyle = look ? DraftScope.cividis(look.confidence) : palette[column.isTarget ? 'ran' : 'ran-draft'];
        if (cell.kind === 'later') this._later(context, x, y, cell, Boolean(look), palette);
        else context.fillRect(x, y, cw - 1, ch - 1);
      }
      this._marks(context, column, x, state);
    }

    /** Narrower, and the fainter the more calls later it ran; a confidence stays in full colour beside it. */
    _later(context, x, y, { behind }, looked, palette) {
      const { cw, ch } = this.frame;
      const inset = Math.max(3, Math.floor(cw / 4));
      if (looked) context.fillRect(x + inset, y, cw - 1 - inset, ch - 1);
      context.fillStyle = palette['left-early'];
      context.globalAlpha = Math.max(0.4, 1.15 - 0.15 * Math.max(1, behind));
      if (looked) context.fillRect(x, y, inset - 1, ch - 1);
      else context.fillRect(x + inset, y, cw - 1 - inset, ch - 1);
      context.globalAlpha = 1;
    }

    _marks(context, column, x, state) {
      const { cw, ch } = this.frame;
      const palette = state.palette;
      const middle = x + (cw - 1) / 2;
      const judged = column.step < state.step || state.phase !== 'draft';
      const fate = judged || column.fate === 'committed' ? column.fate : 'drafted';
      DraftScope.drawMark(context, fate, middle, TOP - 9, Math.min(4.5, cw / 2 - 0.5), palette[fate]);
      if (column.exit && column.exit.step <= state.step) {
        context.fillStyle = palette['left-early'];
        context.fillRect(x - 1, this.frame.y(column.exit.layer - 1) - 2, cw + 1, 3);
      }
      if (DraftScope.isTakenBack(column, state)) {
        context.strokeStyle = palette.rejected;
        context.lineWidth = 1.5;
        context.beginPath();
        context.moveTo(x, TOP);
        context.lineTo(x + cw - 1, this.frame.y(-1));
        context.stroke();
      }
      if (column.slot === state.slot) {
        context.strokeStyle = palette.accent;
        context.lineWidth = 2;
        context.strokeRect(x - 1, TOP - 1, cw + 1, this.frame.layers * ch + 1);
      }
    }

    /** The column and layer under a pointer, or null. */
    _at(event) {
      const { scene } = this.host;
      if (!scene || !this.frame) return null;
      const [x, y] = DraftScope.pointIn(this.canvas, event);
      const at = this.frame.from + Math.floor((x - LEFT) / this.frame.cw);
      const layer = this.frame.layers - 1 - Math.floor((y - TOP) / this.frame.ch);
      const column = x >= LEFT && at < this.frame.to ? scene.grid.columns[at] : null;
      return column ? { column, layer } : null;
    }

    _hover(event) {
      const found = this._at(event);
      if (!found) return this.host.tip.hide();
      const lines = DraftScope.cellWords(this.host.scene, this.host.state, found.column, found.layer);
      return this.host.tip.show(event.clientX, event.clientY, lines);
    }

    /** The cell that the reader walked to: outlined, and told below in words. */
    _cursor(context, scene, state) {
      const { at, layer } = state.cell || {};
      const column = state.cell && at < this.frame.to ? scene.grid.columns[at] : null;
      setText(this.words, column ? DraftScope.cellWords(scene, state, column, layer).join(' · ') : strings.heatHint);
      if (!column) return;
      const [x, y] = [this.frame.x(at), this.frame.y(layer)];
      for (const [colour, out] of [[state.palette.surface, 2], [state.palette.ink, 1]]) {
        context.strokeStyle = colour;
        context.lineWidth = 2;
        context.strokeRect(x - out - 0.5, y - out - 0.5, this.frame.cw + 2 * out, this.frame.ch + 2 * out);
      }
    }

    /** Arrows walk, Enter chooses the token everywhere, Escape goes back to the newest columns. */
    _key(event) {
      const { scene, state } = this.host;
      const move = MOVES[event.key];
      if (!scene || !this.frame || event.shiftKey || !(move || ['Enter', 'Escape'].includes(event.key))) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === 'Escape') return this.host.inspect(null);
      if (event.key === 'Enter') return this._choose(state.cell);
      if (!state.cell) return this.host.inspect({ at: this._entry(scene, state), layer: this.frame.layers - 1 });
      const at = Math.max(0, Math.min(scene.grid.endOf(state.step, state.phase) - 1, state.cell.at + move[0]));
      return this.host.inspect({ at, layer: Math.max(0, Math.min(this.frame.layers - 1, state.cell.layer + move[1])) });
    }

    /** Where a walk begins: at the chosen token, or at the newest. */
    _entry(scene, state) {
      for (let at = this.frame.to - 1; at >= this.frame.from; at--) if (scene.grid.columns[at].slot === state.slot) return at;
      return this.frame.to - 1;
    }

    /** The token of a cell, everywhere; its step is gone to, and the cell stays pointed at. */
    _choose(cell) {
      const column = cell && this.host.scene.grid.columns[cell.at];
      if (!column) return;
      if (column.count === 1) this.host.select(column.slot, column.step);
      this.host.inspect(cell);
    }

    _pick(event) {
      const found = this._at(event);
      if (found) this._choose({ at: found.column.at, layer: Math.max(0, Math.min(this.frame.layers - 1, found.layer)) });
    }
  }

  DraftScope.isTakenBack = ({ rolledBack }, { step, phase }) => rolledBack !== null
    && (rolledBack < step || (rolledBack === step && phase !== 'draft'));
  DraftScope.Heatmap = Heatmap;
})(window.DraftScope = window.DraftScope || {});
