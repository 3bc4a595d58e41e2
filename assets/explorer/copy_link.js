// The button that copies a link to what is shown, and says where a link cannot lead.
(function (DraftScope) {
  'use strict';

  const { el, strings, setText } = DraftScope;

  class CopyLink {
    /** `explorerOf()`: the explorer on the page or null; `tabOf()`: the open tab's name; `knobsOf()`: those turned. */
    constructor(mount, explorerOf, tabOf, knobsOf) {
      this.explorerOf = explorerOf;
      this.tabOf = tabOf;
      this.knobsOf = knobsOf;
      this.button = el('button', { type: 'button', class: 'ds-plain-button' }, strings.linkCopy);
      this.said = el('span', { class: 'ds-said', role: 'status' });
      this.address = el('input', { type: 'text', class: 'ds-address', readonly: true, hidden: true, 'aria-label': strings.linkAddress });
      this.button.addEventListener('click', () => this._copy());
      mount.replaceChildren(el('div', { class: 'ds-root ds-link' }, this.said, this.address, this.button));
    }

    async _copy() {
      const { values, problem } = this._values();
      this.address.hidden = true;
      if (problem) return setText(this.said, problem);
      const link = DraftScope.link.format(location.href, values);
      try {
        await navigator.clipboard.writeText(link);
        return setText(this.said, strings.linkCopied);
      } catch { // no permission, or a page that is not served securely
        setText(this.said, strings.linkByHand);
        this.address.value = link;
        this.address.hidden = false;
        return this.address.select();
      }
    }

    /** What the link holds: on the Learn tab the card that is read, else the moment in the explorer; or why there is none. */
    _values() {
      const explorer = this.explorerOf();
      const tab = this.tabOf();
      if (tab === 'learn') return { values: { tab, ...DraftScope.learning } };
      if (!explorer || !explorer.scene) return { problem: strings.linkNothing };
      if (!explorer.slug) return { problem: strings.linkOwn };
      return { values: DraftScope.link.valuesOf(explorer, tab, this.knobsOf()) };
    }
  }

  DraftScope.copyLink = (...given) => new CopyLink(...given);
})(window.DraftScope = window.DraftScope || {});
