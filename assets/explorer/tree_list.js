// The draft tree for a narrow page: a row for each node, branches indented, words and numbers beside.
(function (DraftScope) {
  'use strict';

  const { svg, shown, prob, strings } = DraftScope;
  const ROW = 44;
  const INDENT = 22;
  const LEFT = 16;

  /** Nodes in reading order: the branches of a node first, then its straight line; with row and indent. */
  function rowsOf(root) {
    const rows = [];
    const walk = [[root, 0]];
    while (walk.length) {
      const [node, indent] = walk.pop();
      rows.push({ node, indent });
      const [first, ...others] = node.children;
      if (first) walk.push([first, indent]);
      for (const other of others.reverse()) walk.push([other, indent + 1]);
    }
    return rows;
  }

  function pathTo(place, parent) {
    const x = LEFT + INDENT * place.indent;
    const y = ROW * (place.row + 0.5);
    const parentX = LEFT + INDENT * parent.indent;
    const parentY = ROW * (parent.row + 0.5);
    if (x === parentX) return 'M' + x + ' ' + parentY + 'V' + y;
    return 'M' + parentX + ' ' + (y - ROW) + 'V' + (y - 9) + 'Q' + parentX + ' ' + y + ' ' + (parentX + 9) + ' ' + y + 'H' + x;
  }

  function numbers(node, phase) {
    const parts = [];
    if (node.draftProb !== null) parts.push(DraftScope.say(strings.tipDraft, { prob: prob(node.draftProb) }));
    if (node.verdict && phase !== 'draft') {
      parts.push(DraftScope.say(strings.tipTarget, { prob: prob(node.verdict.targetProb) }));
    }
    return parts.join(' · ');
  }

  function parts(place, labelX, state, width) {
    const { node, indent } = place;
    const x = LEFT + INDENT * indent;
    const fate = DraftScope.fateIn(node, state.phase);
    return [
      svg('rect', { class: 'ds-hit', x: -x, y: -ROW / 2, width, height: ROW, rx: 6 }),
      DraftScope.mark(fate),
      svg('text', { class: 'ds-label ds-label-row' + (DraftScope.isStruck(node, state.phase) ? ' ds-struck' : ''), x: labelX - x, y: -3 },
        shown(node.label, 22)),
      svg('text', { class: 'ds-prob ds-prob-row', x: labelX - x, y: 14 }, strings.fates[fate]),
      svg('text', { class: 'ds-prob ds-prob-end', x: width - x - 6, y: 14 }, numbers(node, state.phase)),
    ];
  }

  DraftScope.treeList = function treeList(step, state, nodeGroup, edge, width) {
    const rows = rowsOf(step.nodes[0]);
    const places = new Map(rows.map(({ node, indent }, row) => [node.slot, { node, indent, row }]));
    const labelX = LEFT + INDENT * Math.max(...rows.map((row) => row.indent)) + 20;
    const there = rows.map(({ node }) => places.get(node.slot)).filter(({ node }) => DraftScope.isThere(node, state.phase));
    const edges = there.filter(({ node }) => node.depth > 0)
      .map((place) => edge(place.node, pathTo(place, places.get(place.node.parent)), state.phase));
    const groups = there.map((place) => nodeGroup(place.node, state, LEFT + INDENT * place.indent, ROW * (place.row + 0.5),
      parts(place, labelX, state, width)));
    return svg('svg', { class: 'ds-tree-svg', viewBox: '0 0 ' + width + ' ' + ROW * rows.length, width,
      height: ROW * rows.length, 'data-phase': state.phase, role: 'group' }, ...edges, ...groups);
  };
})(window.DraftScope = window.DraftScope || {});
