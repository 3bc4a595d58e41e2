// Beside a lesson's text: the explorer over a recorded run, standing where the card says, with the card's panels.
(function (DraftScope) {
  'use strict';

  const { el, say, learnWords: words } = DraftScope;
  const TURNS = ['tree', 'method', 'layers', 'time']; // a narrow explorer shows one of these, here the card's first panel

  class LearnView {
    constructor() {
      this.about = el('span', { class: 'ds-about' });
      this.reset = el('button', { type: 'button', class: 'ds-plain-button' }, words.reset);
      this.whole = el('button', { type: 'button', class: 'ds-plain-button', 'aria-pressed': 'false' }, words.whole);
      this.cost = el('div', { class: 'ds-learn-cost' });
      this.mount = el('div', { class: 'ds-learn-explorer' });
      this.node = el('section', { class: 'ds-learn-view', 'aria-label': words.view },
        el('div', { class: 'ds-view-head' }, this.about, this.reset, this.whole), this.cost, this.mount);
      this.reset.addEventListener('click', () => this.stand(this.place, this.asking));
      this.whole.addEventListener('click', () => this._whole(!this.node.hasAttribute('data-whole')));
    }

    /** A lesson with its runs and their names, by their slugs. */
    take({ lesson, scenes, names }) {
      if (!this.explorer) this.explorer = DraftScope.mount(this.mount, {});
      Object.assign(this, { scenes, names, costs: lesson.costs, shown: null });
    }

    /** Stand where a card, or its evidence, says: {trace, step, phase, slot, panels}. `asking`: nothing that counts is shown. */
    stand(place, asking) {
      const { explorer, node } = this;
      Object.assign(this, { place, asking });
      node.toggleAttribute('data-asking', asking);
      this._whole(false);
      if (this.shown !== place.trace) {
        explorer.load(this.scenes[place.trace]);
        this.shown = place.trace;
        this.about.textContent = say(words.run, { name: this.names[place.trace] });
        this.cost.replaceChildren(DraftScope.costFigure(this.costs[place.trace], explorer.scene));
      }
      node.setAttribute('data-panels', place.panels.join(' '));
      node.setAttribute('data-phase', place.phase);
      const [main] = place.panels.filter((panel, at) => at === 0 && TURNS.includes(panel));
      node.toggleAttribute('data-main', Boolean(main));
      explorer.goto(place.step, place.phase);
      if (place.slot !== null && explorer.state.slot !== place.slot) explorer.select(place.slot);
      if (place.slot === null && explorer.state.slot !== null) explorer.select(explorer.state.slot);
      explorer.stage.see(main || 'tree');
    }

    _whole(all) {
      this.node.toggleAttribute('data-whole', all);
      this.whole.setAttribute('aria-pressed', String(all));
      if (this.explorer && this.explorer.scene) this.explorer.stage.see(this.explorer.stage.body.getAttribute('data-view'));
    }
  }

  DraftScope.LearnView = LearnView;
})(window.DraftScope = window.DraftScope || {});
