// What a cell of the heatmap says: the same words for the pointer, the arrow keys and a tap.
(function (DraftScope) {
  'use strict';

  const { strings, say, prob, quoted, count } = DraftScope;

  /** What happened to the cell. */
  function happened(scene, cell) {
    if (!cell) return strings.tipNotRun;
    if (cell.kind === 'skipped') return strings.tipSkipped;
    if (cell.kind === 'later' && cell.behind > 0) {
      return say(strings.tipLater, { step: cell.step, token: quoted(scene.columnLabel(cell.lead)), calls: count(strings.tokens, cell.behind) });
    }
    return say(strings.tipRan, { step: cell.step });
  }

  /** Lines about one layer of one column: whose it is, what happened, what the layer says, where the token left. */
  DraftScope.cellWords = function cellWords(scene, state, column, layer) {
    const lines = [column.count > 1 ? say(strings.tipPrefill, { count: column.count })
      : quoted(scene.columnLabel(column)) + ' · ' + strings.fates[column.fate]];
    const layers = scene.grid.numLayers(column.lane);
    if (layer < 0 || layer >= layers) return lines;
    const cell = scene.grid.cell(column, layer, state);
    lines.push(say(strings.tipLayer, { layer, layers }) + ' · ' + happened(scene, cell));
    const look = column.looks.get(layer);
    if (look && cell) {
      lines.push(say(strings.tipConfidence, { token: quoted(scene.label(look.token)), confidence: prob(look.confidence) }));
    }
    if (!column.isTarget) lines.push(say(strings.tipLane, { lane: column.lane }));
    if (column.exit && column.exit.step <= state.step) {
      lines.push(say(strings.tipExit, { layer: column.exit.layer, confidence: prob(column.exit.confidence), threshold: prob(column.exit.threshold) }));
    }
    if (DraftScope.isTakenBack(column, state)) lines.push(say(strings.tipTakenBack, { step: column.rolledBack }));
    return lines;
  };
})(window.DraftScope = window.DraftScope || {});
