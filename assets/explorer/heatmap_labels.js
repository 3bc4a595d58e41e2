// Around the heatmap: layer numbers at the left; under each column its token, and the step it belongs to.
(function (DraftScope) {
  'use strict';

  const { strings } = DraftScope;

  function axis(context, palette, frame) {
    context.fillStyle = palette.muted;
    context.font = '11px ' + palette.sans;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const layer of new Set([0, Math.floor(frame.layers / 2), frame.layers - 1])) {
      context.fillText(String(layer), frame.x(frame.from) - 8, frame.y(layer) + frame.ch / 2);
    }
    context.save();
    context.translate(9, (frame.y(-1) + frame.y(frame.layers - 1)) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillText(strings.axisLayer, 0, 0);
    context.restore();
  }

  function token(context, scene, state, frame, at) {
    const column = scene.grid.columns[at];
    const label = scene.columnLabel(column);
    if (!label) return;
    context.save();
    context.translate(frame.x(at) + (frame.cw - 1) / 2, frame.y(-1) + 4);
    context.rotate(Math.PI / 2);
    context.font = '10px ' + state.palette.mono;
    context.textAlign = 'left';
    context.fillStyle = column.slot === state.slot ? state.palette.accent : state.palette.muted;
    context.fillText(DraftScope.shown(label, 5), 0, 0);
    if (DraftScope.isTakenBack(column, state)) {
      context.fillStyle = state.palette.rejected;
      context.fillRect(0, -0.75, context.measureText(DraftScope.shown(label, 5)).width, 1.5);
    }
    context.restore();
  }

  /** A line under a step's columns and its number, unless the one before is in the way. */
  function step(context, scene, state, frame, at, busyUntil) {
    const { step: index } = scene.grid.columns[at];
    const current = index === state.step;
    const end = Math.min(frame.to, scene.grid.endOf(index, current ? state.phase : 'commit'));
    const x = frame.x(at);
    const bottom = frame.y(-1);
    context.fillStyle = current ? state.palette.accent : state.palette.line;
    context.fillRect(x, bottom + 38, (end - at) * frame.cw - 1, current ? 3 : 2);
    const text = index === 0 ? strings.prompt : String(index);
    context.font = (current ? '600 ' : '') + '11px ' + state.palette.sans;
    context.fillStyle = current ? state.palette.accent : state.palette.muted;
    context.textAlign = 'left';
    if (x < busyUntil && !current) return busyUntil;
    context.fillText(text, x, bottom + 49);
    return x + context.measureText(text).width + 6;
  }

  DraftScope.heatmapLabels = function heatmapLabels(context, scene, state, frame) {
    axis(context, state.palette, frame);
    let busyUntil = -1;
    for (let at = frame.from; at < frame.to; at++) {
      token(context, scene, state, frame, at);
      const opens = at === frame.from || scene.grid.columns[at - 1].step !== scene.grid.columns[at].step;
      if (opens) busyUntil = step(context, scene, state, frame, at, busyUntil);
    }
  };
})(window.DraftScope = window.DraftScope || {});
