// The draft tree of a step: depth to the right, one lane per branch; on a narrow page a list that grows downwards.
(function (DraftScope) {
  'use strict';

  const { svg, el, strings, say, shown, prob } = DraftScope;
  const { textWidth, place, edgePath, LANE, TOP } = DraftScope.treeLayout;

  const KEPT = new Set(['accepted', 'bonus', 'recovered', 'plain']);

  function edge(node, d, phase) {
    const fate = DraftScope.fateIn(node, phase);
    const kept = phase === 'commit' && KEPT.has(fate) ? ' ds-kept' : '';
    return svg('path', { d, class: 'ds-edge ds-fate-' + fate + kept, style: '--i:' + node.order });
  }

  function nodeGroup(node, state, x, y, parts) {
    const selected = state.slot === node.slot;
    const fate = DraftScope.fateIn(node, state.phase);
    const name = shown(node.label, 40) + ', ' + strings.fates[fate];
    return svg('g', { class: 'ds-node' + (selected ? ' ds-selected' : ''), transform: 'translate(' + x + ' ' + y + ')',
      'data-slot': node.slot, role: 'button', tabindex: '-1', 'aria-label': name, 'aria-pressed': String(selected),
      style: '--i:' + node.order }, ...parts);
  }

  /** The number under a node: what the draft gave it while it drafts, what the model gave it from then on. */
  function probIn(node, phase) {
    if (phase === 'draft') return node.draftProb;
    return node.verdict ? node.verdict.targetProb : null;
  }

  /** While it drafts from counts, those; else a probability. */
  function numberIn(node, phase) {
    if (phase === 'draft' && node.seen) return say(strings.seenShort, node.seen);
    const given = probIn(node, phase);
    return given === null ? null : DraftScope.shortProb(given);
  }

  function acrossNode(node, state, placed) {
    const x = placed.columns[node.depth].centre;
    const y = TOP + LANE * node.lane;
    const text = shown(node.label, placed.length);
    const half = Math.max(17, textWidth(text) / 2 + 4);
    const given = numberIn(node, state.phase);
    return nodeGroup(node, state, x, y, [
      svg('rect', { class: 'ds-hit', x: -half, y: -27, width: 2 * half, height: 52, rx: 6 }),
      DraftScope.mark(DraftScope.fateIn(node, state.phase)),
      svg('text', { class: 'ds-label' + (DraftScope.isStruck(node, state.phase) ? ' ds-struck' : ''), y: -13 }, text),
      given === null ? null : svg('text', { class: 'ds-prob', y: 22 }, given),
    ]);
  }

  function across(scene, step, state, room) {
    const nodes = step.nodes.filter((node) => DraftScope.isThere(node, state.phase));
    const placed = place(step.nodes, room);
    const root = step.nodes[0];
    const order = (node) => (KEPT.has(DraftScope.fateIn(node, state.phase)) ? 1 : 0);
    const edges = nodes.slice(1).sort((a, b) => order(a) - order(b));
    const width = placed.width * placed.scale;
    return svg('svg', { class: 'ds-tree-svg', viewBox: '0 0 ' + placed.width + ' ' + placed.height,
      width, height: placed.height * placed.scale, 'data-phase': state.phase, role: 'group' },
      svg('path', { class: 'ds-edge ds-trunk', d: 'M0 ' + TOP + 'H' + placed.columns[root.depth].centre }),
      ...edges.map((node) => edge(node, edgePath(node, step.bySlot.get(node.parent), placed), state.phase)),
      ...nodes.map((node) => acrossNode(node, state, placed)));
  }

  function summary(step) {
    const s = strings;
    if (step.i === 0 || !step.drafted.length) return s.plusPlain;
    const parts = [say(s.drafted, { count: step.drafted.length }), say(s.kept, { count: step.kept })];
    if (step.last === 'bonus') parts.push(s.plusBonus);
    if (step.last === 'recovered') parts.push(s.plusRecovered);
    return parts.join(', ');
  }

  const nodesWithProb = (step, phase) => step.nodes.some((node) => probIn(node, phase) !== null);

  class TreePanel {
    constructor(host) {
      this.host = host;
      this.title = el('h3', { class: 'ds-title' }, strings.treeTitle);
      this.about = el('span', { class: 'ds-about' });
      this.area = el('div', { class: 'ds-tree' });
      this.key = el('span', { class: 'ds-key' });
      this.note = el('p', { class: 'ds-note' });
      this.node = el('section', { class: 'ds-panel ds-panel-tree' },
        el('header', { class: 'ds-head' }, this.title, this.about, this.key), this.area, this.note);
      this.area.addEventListener('click', (event) => this._pick(event.target));
      this.area.addEventListener('pointermove', (event) => this._hover(event));
      this.area.addEventListener('pointerleave', () => host.tip.hide());
      this.area.addEventListener('keydown', (event) => this._key(event));
    }

    draw(scene, state) {
      if (!scene || !scene.steps.length) {
        this.picture = null;
        this.area.replaceChildren(el('p', { class: 'ds-empty' }, strings.treeEmpty));
        for (const part of [this.about, this.key, this.note]) part.textContent = '';
        return;
      }
      const step = scene.step(state.step);
      this.step = step;
      const had = this.area.contains(document.activeElement);
      const picture = state.compact ? DraftScope.treeList(step, state, nodeGroup, edge, state.treeWidth)
        : across(scene, step, state, state.treeWidth);
      picture.setAttribute('aria-label', say(strings.treeLabel, { step: state.step, summary: summary(step) }));
      this.area.replaceChildren(picture);
      this.area.style.height = state.compact ? '' : Math.max(170, Math.min(340, TOP + 46 + LANE * scene.lanes)) + 'px';
      this.about.textContent = say(scene.live ? strings.stepLive : strings.stepOf, { step: state.step, last: scene.last })
        + ' · ' + summary(step);
      this.note.textContent = this._note(scene, step);
      const numbered = !state.compact && nodesWithProb(step, state.phase);
      this.key.textContent = numbered ? strings.treeNumbers[state.phase !== 'draft' ? 'model' : step.nodes.some((node) => node.seen) ? 'counts' : 'draft'] : '';
      const entry = picture.querySelector('.ds-selected') || picture.querySelector('.ds-node');
      if (entry) entry.setAttribute('tabindex', '0');
      if (had && entry) entry.focus({ preventScroll: true });
      this.picture = picture;
    }

    _note(scene, step) {
      if (step.num_left_out) return say(strings.treeLeftOut, { count: step.num_left_out });
      if (step.i === 0) return say(strings.treePrefill, { tokens: scene.head.num_prompt_tokens });
      return step.drafted.length ? '' : strings.treeNoDraft;
    }

    /** In a tree that scrolls, show where the kept path ends, once everything has its place. */
    settle() {
      const { picture, step } = this;
      if (!picture || this.host.state.compact || this.area.scrollWidth <= this.area.clientWidth) return;
      const ends = step.nodes.filter((node) => KEPT.has(node.fate));
      const slot = ends.length ? ends[ends.length - 1].slot : step.nodes[0].slot;
      const group = picture.querySelector('[data-slot="' + slot + '"]');
      if (!group) return;
      const at = group.transform.baseVal.getItem(0).matrix.e;
      this.area.scrollLeft = Math.max(0, at - this.area.clientWidth * 0.6);
    }

    _slotOf(target) {
      const group = target.closest && target.closest('[data-slot]');
      return group ? Number(group.getAttribute('data-slot')) : null;
    }

    _pick(target) {
      const slot = this._slotOf(target);
      if (slot !== null) this.host.select(slot);
    }

    _hover(event) {
      const slot = this._slotOf(event.target);
      const node = slot === null ? null : this.step.bySlot.get(slot);
      if (!node) return this.host.tip.hide();
      const phase = this.host.state.phase;
      const lines = [DraftScope.quoted(node.label) + ' · ' + strings.fates[DraftScope.fateIn(node, phase)]];
      if (node.draftProb !== null) lines.push(say(strings.tipDraft, { prob: prob(node.draftProb) }));
      if (node.seen) lines.push(say(strings.tipSeen, node.seen));
      if (node.verdict && phase !== 'draft') lines.push(say(strings.tipTarget, { prob: prob(node.verdict.targetProb) }));
      if (node.source) lines.push(say(strings.whySource, { source: strings.sources[node.source] || node.source }));
      return this.host.tip.show(event.clientX, event.clientY, lines);
    }

    _key(event) {
      const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const slot = this._slotOf(event.target);
      if (slot === null) return;
      if (event.key === 'Enter') return this.host.select(slot);
      if (!move) return;
      event.preventDefault();
      const shownNodes = this.step.nodes.filter((node) => DraftScope.isThere(node, this.host.state.phase));
      const at = shownNodes.findIndex((node) => node.slot === slot);
      const next = shownNodes[Math.max(0, Math.min(shownNodes.length - 1, at + move))];
      this.host.select(next.slot);
    }
  }

  DraftScope.treeSummary = summary;
  DraftScope.TreePanel = TreePanel;
})(window.DraftScope = window.DraftScope || {});
