// AdaDecode: after how many layers tokens left, and every look of this step against the threshold.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, prob } = DraftScope;
  const HEIGHT = 190;
  const ROW = 24;

  /** [kept, taken back] by layer, up to the state; a token's fate is known once its step is verified. */
  function depths(scene, state) {
    const found = new Map();
    for (let index = 0; index <= state.step; index++) {
      const step = scene.steps[index];
      if (!step.readouts) continue;
      const judged = index < state.step || state.phase !== 'draft';
      // The token that left is the one drafted after the slot: taken back or not is told of that draft.
      const back = new Set(step.rolled_back || []);
      const after = new Map(step.nodes.filter((node) => node[5] !== null).map((node) => [node[1], node[0]]));
      for (const [slot, layer, , , , taken] of step.readouts) {
        if (!taken) continue;
        const counts = found.get(layer) || [0, 0];
        counts[Number(judged && back.has(after.get(slot)))] += 1;
        found.set(layer, counts);
      }
    }
    return found;
  }

  function fillDepths(part, scene, state, width) {
    const found = depths(scene, state);
    const layers = scene.head.model.num_layers;
    const most = Math.max(1, ...Array.from(found.values(), ([kept, back]) => kept + back));
    const sum = (which) => Array.from(found.values()).reduce((total, counts) => total + counts[which], 0);
    const bars = Array.from(found).filter(([layer]) => layer >= 1 && layer <= layers).map(([layer, [kept, back]]) => ({ at: layer,
      parts: [[kept, 'ds-bar-exit'], [back, 'ds-bar-back']], text: String(kept + back), marked: false,
      hint: say(strings.exitBar, { layer, kept, back }) }));
    part.about.textContent = say(strings.exitAbout, { left: sum(0) + sum(1), back: sum(1) });
    part.reserve(HEIGHT);
    part.area.replaceChildren(DraftScope.columnChart({ bars, first: 1, last: layers, most, width, height: HEIGHT,
      label: say(strings.exitLabel, { step: state.step, list: bars.map((bar) => bar.hint).join('; ') }), axis: strings.exitAxis }));
  }

  function fillLooks(part, scene, state) {
    const step = scene.step(state.step);
    const looks = step.readouts || [];
    const rows = looks.map(([slot, layer, token, confidence, threshold, taken], at) => ({
      label: at && looks[at - 1][0] === slot ? null : scene.slotLabel(slot), note: say(strings.exitAfter, { layer }), value: confidence, line: threshold,
      kind: taken ? 'ds-bar-exit' : 'ds-bar-quiet', slot,
      text: '“' + DraftScope.shown(scene.label(token), 10) + '” ' + prob(confidence) + (taken ? ' ' + strings.exitTaken : '') }));
    part.about.textContent = looks.length ? say(strings.exitLooksAbout, { looks: looks.length, left: looks.filter((look) => look[5]).length,
      threshold: prob(looks[0][4]) }) : '';
    part.scrolls();
    part.reserve(Math.min(HEIGHT, ROW * scene.most.looks));
    part.area.replaceChildren(looks.length ? DraftScope.levels(rows, state.slot) : el('p', { class: 'ds-empty' }, strings.exitNoLooks));
  }

  const has = (scene) => scene.most.looks > 0;
  DraftScope.exitParts = () => [new DraftScope.Part('exits', strings.exitTitle, has, fillDepths),
    new DraftScope.Part('looks', strings.exitLooksTitle, has, fillLooks)];
})(window.DraftScope = window.DraftScope || {});
