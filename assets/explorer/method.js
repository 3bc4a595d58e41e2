// What only this run's method has to show, in as many parts as it needs; without any the panel is not there.
(function (DraftScope) {
  'use strict';

  const { el } = DraftScope;
  const GAP = 32;

  class MethodPanel {
    constructor(host) {
      this.host = host;
      this.parts = [...DraftScope.exitParts(), ...DraftScope.skipParts(host), ...DraftScope.searchParts(), ...DraftScope.matchParts()];
      this.node = el('section', { class: 'ds-panel ds-panel-method' },
        ...this.parts.map((part) => part.node));
      this.node.addEventListener('click', (event) => {
        const found = event.target.closest('[data-slot]');
        if (found) host.select(Number(found.getAttribute('data-slot')));
      });
    }

    draw(scene, state) {
      const shown = scene && scene.steps.length ? this.parts.filter((part) => part.has(scene)) : [];
      this.node.hidden = !shown.length;
      for (const part of this.parts) part.node.hidden = !shown.includes(part);
      const columns = state.compact || shown.length < 2 || shown.some((part) => part.wide) ? 1 : 2;
      this.node.classList.toggle('ds-two', columns === 2);
      const width = Math.floor((state.width - GAP * (columns - 1)) / columns);
      for (const part of shown) part.fill(part, scene, state, width);
    }
  }

  DraftScope.MethodPanel = MethodPanel;
})(window.DraftScope = window.DraftScope || {});
