// What the keys do, in a dialog that '?' opens and Escape closes.
(function (DraftScope) {
  'use strict';

  const { el, strings } = DraftScope;

  class Help {
    constructor() {
      const rows = strings.keyTable.map(([keys, what]) => el('tr', {},
        el('th', { scope: 'row' }, ...keys.map((key) => el('kbd', {}, key))), el('td', {}, what)));
      const close = el('button', { type: 'button', class: 'ds-button ds-bordered' }, strings.close);
      close.addEventListener('click', () => this.node.close());
      this.node = el('dialog', { class: 'ds-help', 'aria-label': strings.help }, el('h3', { class: 'ds-title' }, strings.help),
        el('table', {}, el('tbody', {}, ...rows)), close);
      this.button = el('button', { type: 'button', class: 'ds-button ds-bordered', 'aria-label': strings.help, title: strings.help }, '?');
      this.button.addEventListener('click', () => this.open());
    }

    open() {
      if (!this.node.open) this.node.showModal();
    }
  }

  DraftScope.Help = Help;
})(window.DraftScope = window.DraftScope || {});
