// ADED: the search tree, most visited branch first, with the draft inside it; on a narrow page a row for each node.
(function (DraftScope) {
  'use strict';

  const { el, svg, strings, say, shown } = DraftScope;
  const ROW = 24;
  const LABEL = 11; // characters
  const BAR = 64;

  /** The short form of a weight, which may be above 1. */
  const weight = (value) => value.toFixed(2).replace(/^0/, '');

  /** Drafted tokens that hang on the searched tree without having been searched themselves. */
  function beyond(nodes) {
    for (const node of nodes) {
      const known = new Set(node.children.map((child) => child.token));
      for (const draft of node.draft ? node.draft.children : []) {
        if (draft.draftProb === null || known.has(draft.token)) continue;
        const leaf = { at: nodes.length, parent: node.at, token: draft.token, prior: null, visits: 0, value: 0, chosen: true, label: draft.label,
          children: [], depth: node.depth + 1, draft };
        node.children.push(leaf);
        nodes.push(leaf);
      }
    }
  }

  /** How often each node had been visited after so many iterations. Best first counts no visit twice. */
  function visitsAfter([, , nodes, ended], until) {
    const visits = nodes.map(() => 0);
    for (const at of ended.slice(0, until)) for (let up = at; up >= 0; up = nodes[up][0]) visits[up] += 1;
    return until < ended.length ? visits.map((count, at) => Math.min(count, nodes[at][3])) : nodes.map((node) => node[3]);
  }

  /** Nodes with children, depth and, where it was drafted, the slot in the step's tree. */
  function nodesOf(scene, step, until) {
    const visited = visitsAfter(step.search, until);
    const nodes = step.search[2].map(([parent, token, prior, , value, chosen], at) => ({ at, parent, token, prior, visits: visited[at], value,
      early: until < step.search[0], final: step.search[2][at][3], chosen, label: scene.label(token), children: [], depth: 0, draft: null }));
    nodes.forEach((node) => {
      const above = nodes[node.parent];
      if (!above) {
        node.draft = step.nodes[0];
        return;
      }
      above.children.push(node);
      node.depth = above.depth + 1;
      node.draft = (above.draft && above.draft.children.find((child) => child.token === node.token && child.draftProb !== null)) || null;
    });
    beyond(nodes);
    const byVisits = (a, b) => (b.final || 0) - (a.final || 0) || a.at - b.at; // the same places at every iteration
    for (const node of nodes) node.children.sort(byVisits);
    [...nodes].sort(byVisits).forEach((node, rank) => { node.rank = rank; });
    return nodes;
  }

  /** A row for each leaf, or, on a narrow page, for each node. */
  function giveRows(root, compact) {
    let next = 0;
    const walk = [[root, true]];
    while (walk.length) {
      const [node, opens] = walk.pop();
      if (opens || compact) node.row = next++;
      else node.row = next - 1;
      node.children.map((child, at) => [child, at > 0]).reverse().forEach((one) => walk.push(one));
    }
    return next;
  }

  function edge(node, parent, at, state) {
    const fate = node.draft ? 'ds-fate-' + DraftScope.fateIn(node.draft, state.phase) : 'ds-searched';
    const [px, py] = at(parent);
    const [x, y] = at(node);
    const bend = state.compact ? px : x - 18;
    const d = py === y ? 'M' + Math.min(bend, px + parent.wide) + ' ' + y + 'H' + x : 'M' + bend + ' ' + py + 'V' + y + 'H' + x;
    return svg('path', { d, class: 'ds-edge ds-found ' + fate + (node.found && !node.visits ? ' ds-not-yet' : ''), style: '--i:' + node.rank });
  }

  /** How much of its column a node writes on: its label; then its bar, as long as there is room; then its numbers. */
  function measure(node, room, labelRoom) {
    node.found = node.parent >= 0 && node.final > 0;
    const barX = node.found ? 12 + labelRoom + 4 : 18 + DraftScope.treeLayout.textWidth(shown(node.label, LABEL));
    const fits = room - barX - 8;
    const bar = node.found ? Math.min(BAR, Math.max(0, fits - 96)) : 0;
    const numbers = !node.found ? '' : fits > 96 ? [node.visits + '×', weight(node.prior), ...(node.early ? [] : [weight(node.value)])].join('  ') : node.visits + '×';
    Object.assign(node, { barX, bar, numbers, wide: barX + (node.found ? bar + 8 + 5.6 * numbers.length : 0) });
  }

  function group(node, at, room, state, most) {
    const [x, y] = at(node);
    const fate = node.draft && DraftScope.fateIn(node.draft, state.phase);
    const { found, barX, bar } = node;
    const values = { token: DraftScope.quoted(node.label), visits: node.visits, prior: found && weight(node.prior), value: weight(node.value) };
    const hint = say(found ? strings.searchNode : strings.searchBeyond, values) + ' ' + (fate ? strings.fates[fate] : strings.searchOnly);
    return svg('g', { class: 'ds-found ds-search-node' + (node.found && !node.visits ? ' ds-not-yet' : '') + (node.draft && node.draft.slot === state.slot ? ' ds-selected' : ''),
      transform: 'translate(' + x + ' ' + y + ')', 'data-slot': node.draft ? node.draft.slot : null, style: '--i:' + node.rank },
      svg('title', {}, hint), svg('rect', { class: 'ds-hit', x: -10, y: -ROW / 2, width: room, height: ROW, rx: 5 }),
      fate ? DraftScope.mark(fate) : svg('rect', { class: 'ds-searched-mark', x: -2.5, y: -2.5, width: 5, height: 5 }),
      svg('text', { class: 'ds-label ds-label-row', x: 12, y: 4 }, shown(node.label, LABEL)),
      !found ? null : svg('rect', { class: 'ds-bar ds-bar-visits', x: barX, y: -4, height: 8, width: Math.max(1, bar * node.visits / most) }),
      !found ? null : svg('text', { class: 'ds-tick ds-tick-row', x: barX + bar + 6, y: 4 }, node.numbers));
  }

  function picture(scene, step, state, width, until) {
    const nodes = nodesOf(scene, step, until);
    const rows = giveRows(nodes[0], state.compact);
    const deepest = Math.max(...nodes.map((node) => node.depth));
    const first = 20 + DraftScope.treeLayout.textWidth(shown(nodes[0].label, LABEL)) + 24;
    const column = state.compact ? 16 : Math.min(330, (width - first - 14) / Math.max(1, deepest));
    const x = (node) => 14 + (state.compact ? 16 * node.depth : node.depth ? first + (node.depth - 1) * column : 0);
    const at = (node) => [x(node), ROW * (node.row + 0.5)];
    const room = (node) => (state.compact ? width - x(node) : column - 6);
    const most = Math.max(1, ...nodes.slice(1).map((node) => node.final || 0));
    const height = rows * ROW;
    const indent = (node) => (state.compact ? 16 * (deepest - node.depth) : 0);
    for (const node of nodes) measure(node, room(node), LABEL * 8 + indent(node));
    return svg('svg', { class: 'ds-search', width, height, viewBox: '0 0 ' + width + ' ' + height, 'data-phase': state.phase, role: 'group', 'data-iteration': until,
      'aria-label': say(strings.searchLabel, { step: state.step }) },
      ...nodes.slice(1).map((node) => edge(node, nodes[node.parent], at, state)),
      ...nodes.map((node) => group(node, at, room(node), state, most)));
  }

  function fill(part, scene, state, width) {
    const step = scene.step(state.step);
    const drawing = part.area;
    part.clock.node.hidden = !step.search;
    part.reserve(Math.min(320, ROW * scene.most.searched));
    if (!step.search) {
      part.clock.stop();
      part.about.textContent = '';
      drawing.replaceChildren(el('p', { class: 'ds-empty' }, strings.searchNone));
      return;
    }
    const [iterations, found, nodes] = step.search;
    part.about.textContent = say(strings.searchAbout, { iterations, found, shown: nodes.length - 1,
      drafted: step.drafted.length });
    part.clock.show(step, iterations, (until) => drawing.replaceChildren(picture(scene, step, state, width, until)));
  }

  DraftScope.searchParts = () => {
    const part = new DraftScope.Part('search', strings.searchTitle, (scene) => scene.most.searched > 0, fill, strings.searchKey);
    part.scrolls();
    part.wide = true;
    part.clock = new DraftScope.SearchClock();
    part.node.insertBefore(part.clock.node, part.area);
    return [part, DraftScope.learnedPart()];
  };
})(window.DraftScope = window.DraftScope || {});
