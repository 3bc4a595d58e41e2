// One part of the method panel: a title, a line about it, and what it draws; hidden where a run has nothing for it.
(function (DraftScope) {
  'use strict';

  const { el } = DraftScope;

  class Part {
    /** `has(scene)`: is there anything; `fill(part, scene, state, width)` draws it into `part.area`. */
    constructor(name, title, has, fill, key) {
      this.has = has;
      this.fill = fill;
      this.about = el('span', { class: 'ds-about' });
      this.area = el('div', { class: 'ds-area' });
      this.node = el('div', { class: 'ds-part ds-part-' + name, role: 'group', 'aria-label': title },
        el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, title), this.about, key ? el('span', { class: 'ds-key' }, key) : null),
        this.area);
    }

    scrolls() {
      this.area.classList.add('ds-scrolls');
      this.area.tabIndex = 0;
    }

    /** Keep the area as high as the run ever needs, so that nothing jumps while it plays. */
    reserve(height) {
      this.area.style.minHeight = Math.round(height) + 'px';
    }
  }

  DraftScope.Part = Part;
})(window.DraftScope = window.DraftScope || {});
