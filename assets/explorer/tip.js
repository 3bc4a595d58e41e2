// The one tooltip: a few lines of text near the pointer, never outside the explorer.
(function (DraftScope) {
  'use strict';

  class Tip {
    constructor(root) {
      this.root = root;
      this.node = DraftScope.el('div', { class: 'ds-tip', role: 'tooltip', hidden: true });
      root.appendChild(this.node);
    }

    show(clientX, clientY, lines) {
      this.node.replaceChildren(...lines.map((line) => DraftScope.el('div', {}, line)));
      this.node.hidden = false;
      const frame = this.root.getBoundingClientRect();
      const box = this.node.getBoundingClientRect();
      const x = Math.min(Math.max(4, clientX - frame.left + 14), frame.width - box.width - 4);
      const below = clientY - frame.top + 18;
      const y = clientY + 18 + box.height > window.innerHeight ? clientY - frame.top - box.height - 12 : below;
      this.node.style.left = Math.max(0, x) + 'px';
      this.node.style.top = y + 'px';
    }

    hide() {
      this.node.hidden = true;
    }
  }

  DraftScope.Tip = Tip;
})(window.DraftScope = window.DraftScope || {});
