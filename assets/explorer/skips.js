// CLaSp: the table of cosines with the way chosen through it, what each update skips, and drafts against the exit line.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, prob } = DraftScope;
  const LEFT = 30;
  const TOP = 30; // above the strip: how alike neighbouring updates are
  const BOTTOM = 34;
  const GAP = 30;
  const TITLE = 190; // as wide as the words about the table

  /** The plans known by then; what a step makes after verifying is known with its commit. */
  function plansBy(scene, state) {
    return scene.plans.filter((plan) => plan.step < state.step || (plan.step === state.step && (plan.early || state.phase === 'commit')));
  }

  /** Sizes: a pure function of the plans, the model and the width. */
  function frameOf(scene, plans, width) {
    const layers = scene.head.model.num_layers;
    const plan = plans[plans.length - 1];
    const ch = Math.max(3, Math.min(12, Math.floor(252 / (layers + 1))));
    const room = width - LEFT - GAP;
    const cw = plan.width ? Math.max(3, Math.min(20, Math.floor(room * 0.55 / plan.width))) : 0;
    const stripAt = LEFT + (plan.width ? Math.max(cw * plan.width, TITLE) + GAP : 0);
    const sw = Math.max(9, Math.min(20, Math.floor((width - stripAt - 4) / scene.plans.length)));
    const fits = Math.max(1, Math.floor((width - stripAt - 4) / sw));
    return { width, layers, plan, ch, cw, stripAt, sw, strip: plans.slice(-fits), height: TOP + (layers + 1) * ch + BOTTOM,
      y: (row) => TOP + (layers - row) * ch };
  }

  function table(context, frame, palette) {
    const { plan, layers, cw, ch, y } = frame;
    const shownCells = [];
    for (let row = 0; row <= layers; row++) {
      for (let skipped = 0; skipped <= Math.min(row, plan.width - 1); skipped++) shownCells.push([row, skipped, plan.cosine(row, skipped)]);
    }
    // The few worst cells, where nearly all was left out, would take up the whole ramp.
    const low = Math.min(0.999, shownCells.map((cell) => cell[2]).sort((a, b) => a - b)[Math.floor(shownCells.length / 8)]);
    for (const [row, skipped, cosine] of shownCells) {
      context.fillStyle = DraftScope.cividis((cosine - low) / (1 - low));
      context.fillRect(LEFT + skipped * cw, y(row), cw - (cw > 4 ? 1 : 0), ch - (ch > 4 ? 1 : 0));
    }
    const points = plan.path().map(([row, skipped]) => [LEFT + (skipped + 0.5) * cw, y(row) + ch / 2]);
    for (const [colour, wide] of [[palette.surface, 4.5], [palette['left-early'], 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.beginPath();
      points.forEach(([px, py], at) => (at ? context.lineTo(px, py) : context.moveTo(px, py)));
      context.stroke();
    }
  }

  function strip(context, frame, palette) {
    frame.strip.forEach((plan, at) => {
      const x = frame.stripAt + at * frame.sw;
      const current = plan === frame.plan;
      for (let layer = 0; layer < frame.layers; layer++) {
        const y = frame.y(layer + 1); // a layer leads to the row above it
        if (plan.skipped.includes(layer)) DraftScope.hatch(context, x, y, frame.sw - 2, frame.ch - 1, palette.edge);
        else {
          context.fillStyle = palette['ran-draft'];
          context.fillRect(x, y, frame.sw - 2, frame.ch - 1);
        }
      }
      if (plan.likeness !== null) {
        context.fillStyle = current ? palette.ink : palette.muted;
        context.fillRect(x + 2, TOP - 6 - 18 * plan.likeness, frame.sw - 6, 18 * plan.likeness);
      }
      context.fillStyle = current ? palette.accent : palette.line;
      context.fillRect(x, frame.y(0) + 2, frame.sw - 2, current ? 3 : 2);
    });
  }

  function words(context, frame, palette) {
    context.font = '11px ' + palette.sans;
    context.fillStyle = palette.muted;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const layer of new Set([0, Math.floor(frame.layers / 2), frame.layers - 1])) {
      context.fillText(String(layer), LEFT - 6, frame.y(layer + 1) + frame.ch / 2);
    }
    const below = frame.y(0) + frame.ch + 10;
    context.textAlign = 'left';
    if (frame.plan.width) {
      context.fillText(strings.skipAxis, LEFT, below);
      context.fillText(strings.skipTable, LEFT, TOP - 12);
    }
    const newest = frame.strip[frame.strip.length - 1];
    const lines = [say(strings.skipStrip, { first: frame.strip[0].step, last: newest.step }), strings.skipAlike];
    lines.forEach((line, at) => {
      const x = Math.min(frame.stripAt, frame.width - context.measureText(line).width);
      context.fillText(line, x, below + 14 * at);
    });
  }

  function tip(frame, host, event, canvas) {
    const [x, y] = DraftScope.pointIn(canvas, event);
    const row = frame.layers - Math.floor((y - TOP) / frame.ch);
    const skipped = frame.cw ? Math.floor((x - LEFT) / frame.cw) : -1;
    const plan = frame.strip[Math.floor((x - frame.stripAt) / frame.sw)];
    if (row >= 0 && row <= frame.layers && skipped >= 0 && skipped < frame.plan.width && skipped <= row) {
      const lines = [say(strings.skipCell, { layers: row, skipped, cosine: frame.plan.cosine(row, skipped).toFixed(3) })];
      return host.tip.show(event.clientX, event.clientY, lines);
    }
    if (!plan || x < frame.stripAt) return host.tip.hide();
    const lines = [say(strings.skipUpdate, { step: plan.step, count: plan.skipped.length, layers: plan.skipped.join(', ') })];
    if (plan.likeness !== null) lines.push(say(strings.skipSame, { likeness: plan.likeness.toFixed(2) }));
    return host.tip.show(event.clientX, event.clientY, lines);
  }

  function planPart(host) {
    const canvas = el('canvas', { class: 'ds-canvas', role: 'img' });
    const empty = el('p', { class: 'ds-empty' }, strings.skipNone);
    let frame = null;
    canvas.addEventListener('pointermove', (event) => (frame ? tip(frame, host, event, canvas) : null));
    canvas.addEventListener('pointerleave', () => host.tip.hide());
    const part = new DraftScope.Part('skips', strings.skipTitle, (scene) => scene.plans.length > 0, (self, scene, state, width) => {
      const plans = plansBy(scene, state);
      empty.hidden = plans.length > 0;
      canvas.hidden = !plans.length;
      frame = plans.length ? frameOf(scene, plans, width) : null;
      self.reserve(frameOf(scene, scene.plans, width).height);
      self.about.textContent = '';
      canvas.setAttribute('aria-label', strings.skipNone);
      if (!frame) return void DraftScope.prepare(canvas, 1, 1);
      const { plan } = frame;
      const context = DraftScope.prepare(canvas, width, frame.height);
      if (plan.width) table(context, frame, state.palette);
      strip(context, frame, state.palette);
      words(context, frame, state.palette);
      const values = { update: plans.length, step: plan.step, skipped: plan.skipped.length, layers: frame.layers };
      const about = [say(strings.skipAbout, values)];
      if (plan.width) about.push(say(strings.skipTop, { cosine: plan.top().toFixed(3) }));
      if (plan.likeness !== null) about.push(say(strings.skipSame, { likeness: plan.likeness.toFixed(2) }));
      self.about.textContent = about.join(' · ');
      canvas.setAttribute('aria-label', say(strings.skipLabel, { about: self.about.textContent, list: plan.skipped.join(', ') }));
    });
    part.area.append(empty, canvas);
    return part;
  }

  function fillDrafts(part, scene, state) {
    const step = scene.step(state.step);
    const line = scene.exitLine;
    const rows = step.drafted.map((node) => ({ label: node.label, note: '', value: node.draftProb, line, slot: node.slot,
      kind: 'ds-bar-fate ds-fate-' + DraftScope.fateIn(node, state.phase),
      text: prob(node.draftProb) + ' ' + (line !== null && node.draftProb < line ? strings.skipBelow : '') }));
    part.about.textContent = line === null ? '' : say(strings.skipLine, { line: prob(line) });
    part.scrolls();
    part.reserve(Math.min(280, 24 * scene.most.drafts));
    part.area.replaceChildren(rows.length ? DraftScope.levels(rows, state.slot) : el('p', { class: 'ds-empty' }, strings.treeNoDraft));
  }

  DraftScope.skipParts = (host) => [planPart(host),
    new DraftScope.Part('drafts', strings.skipDraftsTitle, (scene) => scene.plans.length > 0, fillDrafts)];
})(window.DraftScope = window.DraftScope || {});
