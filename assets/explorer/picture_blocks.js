// Parts of a picture that the page shows as HTML, drawn as SVG: what step it is, the text, and what the marks mean.
(function (DraftScope) {
  'use strict';

  const { svg, strings, say } = DraftScope;
  const LINE = 27; // of the text
  const TINTS = { accepted: 0.17, bonus: 0.2, recovered: 0.2 };

  function words(text, x, y, palette, attributes) {
    return svg('text', { x, y, 'font-family': palette.sans, 'font-size': 13, fill: palette.muted, 'xml:space': 'preserve', ...attributes }, text);
  }

  function heading(scene, state, about, width) {
    const { head } = scene;
    const title = say(strings.pictureTitle, { method: head.method.name, model: head.model.name });
    const phase = state.phase === 'commit' ? '' : ' · ' + strings.phases[state.phase];
    return { height: 44, node: svg('g', {},
      words(Array.from(title).slice(0, 90).join(''), 0, 16, state.palette, { 'font-size': 17, 'font-weight': 600, fill: state.palette.ink }),
      words(about + phase, 0, 38, state.palette),
      words(strings.brand, width, 16, state.palette, { 'text-anchor': 'end' })) };
  }

  /** Pieces of the text set in lines: [{piece, text, x, line, width}]. A piece that does not fit begins a line. */
  function setInLines(pieces, width, widthOf) {
    const found = [];
    let [x, line] = [0, 0];
    for (const piece of pieces) {
      piece.text.split('\n').forEach((part, at) => {
        if (at) [x, line] = [0, line + 1];
        if (!part) return;
        const room = widthOf(part);
        if (x && x + room > width) [x, line] = [0, line + 1];
        found.push({ piece, text: part, x, line, width: room });
        x += room;
      });
    }
    return found;
  }

  /** The last lines of the text up to a step, tinted by how each piece came to be: at most `lines`, from one with text. */
  function output(scene, state, width, lines) {
    const { palette } = state;
    const committed = state.phase === 'commit' ? state.step + 1 : state.step;
    const until = committed < scene.steps.length ? scene.steps[committed].firstPiece : scene.pieces.length;
    const measure = document.createElement('canvas').getContext('2d');
    measure.font = '15px ' + palette.sans;
    const set = setInLines(scene.pieces.slice(0, until), width, (text) => measure.measureText(text).width);
    const end = set.length ? set[set.length - 1].line + 1 : 0;
    const shown = set.filter((one) => one.line >= end - lines);
    const first = shown.length ? shown[0].line : 0;
    const group = svg('g', {});
    for (const { piece, text, x, line, width: room } of shown) {
      const y = (line - first) * LINE;
      const current = piece.step === state.step;
      if (TINTS[piece.origin]) {
        group.appendChild(svg('rect', { x, y: y + 3, width: room, height: 21, fill: palette[piece.origin], 'fill-opacity': TINTS[piece.origin] }));
      }
      group.appendChild(words(text, x, y + 19, palette, { 'font-size': 15, fill: palette.ink }));
      if (current && text.trim()) group.appendChild(svg('rect', { x, y: y + 24, width: room, height: 2, fill: palette.ink }));
    }
    return { height: (end - first) * LINE, room: lines * LINE, node: group };
  }

  const CELLS = { ran: strings.cellRan, draft: strings.cellDraft, skipped: strings.cellSkipped };
  const EARLY = { exit: strings.leftEarly, later: strings.cellLater, back: strings.cellBack };

  function cell(kind, palette) {
    const square = (fill) => svg('rect', { y: 3, width: 14, height: 14, fill });
    const line = (d, stroke) => svg('path', { d, stroke, 'stroke-width': 1.25, fill: 'none' });
    if (kind === 'ran') return [square(palette.ran)];
    if (kind === 'draft') return [square(palette['ran-draft'])];
    if (kind === 'skipped') return [line('M0 9L6 3M0 14L11 3M2 17L14 5M7 17L14 10', palette.edge)];
    if (kind === 'exit') return [square(palette.ran), svg('rect', { y: 3, width: 14, height: 4, fill: palette['left-early'] })];
    if (kind === 'later') return [svg('rect', { x: 4, y: 3, width: 10, height: 14, fill: palette['left-early'], 'fill-opacity': 0.75 })];
    return [square(palette.sunken), line('M0 17L14 3', palette.rejected)];
  }

  function fateItem(fate, palette, host) {
    const mark = DraftScope.mark(fate);
    host.appendChild(mark);
    const copy = DraftScope.inlined(mark);
    mark.remove();
    copy.setAttribute('transform', 'translate(8 10)');
    return { nodes: [copy], text: strings.fates[fate] };
  }

  /** What the marks and cells mean: fates first, then cells and the ramp of confidence. `host` lends the page's styles. */
  function legend(scene, state, width, host) {
    const { palette } = state;
    const measure = document.createElement('canvas').getContext('2d');
    measure.font = '12px ' + palette.sans;
    const cells = Object.entries(scene.grid.left ? { ...CELLS, ...EARLY } : CELLS);
    const items = [...Object.keys(strings.fates).map((fate) => fateItem(fate, palette, host)),
      ...cells.map(([kind, text]) => ({ nodes: cell(kind, palette), text }))];
    if (scene.head.observe === 'full') items.push(ramp());
    const group = svg('g', {});
    let [x, y] = [0, 0];
    for (const { nodes, text, lead = 20 } of items) {
      const room = lead + measure.measureText(text).width + 20;
      if (x && x + room > width) [x, y] = [0, y + 24];
      group.appendChild(svg('g', { transform: 'translate(' + x.toFixed(1) + ' ' + y + ')' }, ...nodes,
        words(text, lead, 14, palette, { 'font-size': 12 })));
      x += room;
    }
    return { height: y + 22, node: group };
  }

  function ramp() {
    const steps = 24;
    const cells = Array.from({ length: steps }, (_, at) => svg('rect', { x: at * 3, y: 5, width: 3.2, height: 10, fill: DraftScope.cividis(at / (steps - 1)) }));
    return { nodes: cells, text: strings.cellLow + ' – ' + strings.cellHigh, lead: steps * 3 + 8 };
  }

  DraftScope.pictureBlocks = { heading, output, legend, words };
})(window.DraftScope = window.DraftScope || {});
