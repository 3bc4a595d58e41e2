// The draft tree as a nested list, for those who read rather than look; made when it is opened.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, shown, prob } = DraftScope;

  /** A guess in words: its text, its fate, what the draft and the model gave it. */
  function words(node, phase) {
    const parts = [shown(node.label, 40), strings.fates[DraftScope.fateIn(node, phase)]];
    if (node.draftProb !== null) parts.push(say(strings.tipDraft, { prob: prob(node.draftProb) }));
    if (node.seen) parts.push(say(strings.tipSeen, node.seen));
    if (node.verdict && phase !== 'draft') parts.push(say(strings.tipTarget, { prob: prob(node.verdict.targetProb) }));
    return parts.join(', ');
  }

  class Outline {
    constructor(host) {
      this.host = host;
      this.list = el('div', {});
      this.node = el('details', { class: 'ds-fold ds-outline' }, el('summary', {}, strings.outline), this.list);
      this.node.addEventListener('toggle', () => this.draw(this.host.scene, this.host.state));
      this.list.addEventListener('click', (event) => {
        const chosen = event.target.closest('[data-slot]');
        if (chosen) host.select(Number(chosen.getAttribute('data-slot')));
      });
    }

    draw(scene, state) {
      this.node.hidden = !scene || !scene.steps.length;
      if (this.node.hidden || !this.node.open) return this.list.replaceChildren();
      const held = this.list.contains(document.activeElement) ? document.activeElement.getAttribute('data-slot') : null;
      const there = (node) => DraftScope.isThere(node, state.phase);
      const lists = new Map([[null, el('ul', { role: 'list' })]]);
      for (const node of scene.step(state.step).nodes.filter(there)) { // parents come first
        const below = node.children.some(there) ? el('ul', { role: 'list' }) : null;
        const button = el('button', { type: 'button', class: 'ds-item', 'data-slot': node.slot,
          'aria-pressed': String(node.slot === state.slot) }, words(node, state.phase));
        (lists.get(node.depth ? node.parent : null)).appendChild(el('li', {}, button, below));
        lists.set(node.slot, below);
      }
      this.list.replaceChildren(lists.get(null));
      const again = held && this.list.querySelector('[data-slot="' + held + '"]');
      return again ? again.focus({ preventScroll: true }) : undefined;
    }
  }

  DraftScope.Outline = Outline;
})(window.DraftScope = window.DraftScope || {});
