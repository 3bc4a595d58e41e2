// The whole run at a glance: a bar for each step, as high as the tokens it gained.
(function (DraftScope) {
  'use strict';

  const { el, strings } = DraftScope;
  const HEIGHT = 34;
  const EDGE = 11; // the slider's thumb keeps this far from the ends

  class Minimap {
    constructor() {
      this.canvas = el('canvas', { class: 'ds-map', 'aria-hidden': 'true', title: strings.mapLabel });
      this.node = this.canvas;
    }

    draw(scene, state) {
      const width = state.mapWidth;
      const context = DraftScope.prepare(this.canvas, width, HEIGHT);
      if (!scene || !scene.steps.length) return;
      const steps = scene.steps.length;
      const span = (width - 2 * EDGE) / Math.max(1, steps - 1);
      const most = scene.steps.reduce((max, step) => Math.max(max, step.text.length), 1);
      const bar = Math.max(1, Math.min(14, span - 1));
      const unit = (HEIGHT - 4) / most;
      scene.steps.forEach((step, index) => {
        const x = EDGE + index * span - bar / 2;
        const own = step.last === 'accepted' ? 0 : 1;
        const kept = step.text.length - own;
        const past = index <= state.step;
        context.globalAlpha = past ? 1 : 0.4;
        context.fillStyle = state.palette.accepted;
        context.fillRect(x, HEIGHT - kept * unit, bar, kept * unit);
        context.fillStyle = state.palette[step.last === 'plain' ? 'unreached' : 'bonus'];
        if (own) context.fillRect(x, HEIGHT - (kept + 1) * unit, bar, unit - (unit > 3 ? 1 : 0));
      });
      context.globalAlpha = 1;
    }
  }

  DraftScope.Minimap = Minimap;
})(window.DraftScope = window.DraftScope || {});
