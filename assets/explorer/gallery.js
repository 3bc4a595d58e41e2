// The recorded runs as cards, and what there is to know of the run that Explore shows.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count } = DraftScope;
  const EVEN = 0.05; // a speed-up this close to 1 is neither gain nor loss

  /** [sign, word, class]: does the method pay on this prompt, by the speed-up that was measured? */
  function verdict({ speedup, alone }) {
    if (alone) return ['◆', strings.runAlone, 'ds-even'];
    if (speedup === null) return ['–', strings.runUnknown, 'ds-even'];
    if (speedup > 1 + EVEN) return ['▲', strings.runPays, 'ds-good'];
    if (speedup < 1 - EVEN) return ['▼', strings.runLoses, 'ds-bad'];
    return ['=', strings.runEven, 'ds-even'];
  }

  const number = (value, name) => el('div', {}, el('dt', {}, name), el('dd', {}, value));

  function card(run, onOpen) {
    const [sign, word, kind] = verdict(run);
    const button = el('button', { type: 'button', class: 'ds-plain-button', 'data-open': run.slug, 'aria-label': say(strings.runOpenNamed, { title: run.title }) }, strings.runOpen);
    button.addEventListener('click', () => onOpen(run.slug));
    return el('article', { class: 'ds-card-run' },
      el('h3', {}, run.title), el('p', { class: 'ds-card-method' }, run.about_method),
      el('p', { class: 'ds-card-about' }, run.about),
      el('dl', {},
        number(String(run.num_tokens), strings.runTokens), number(String(run.num_steps), strings.runSteps),
        number(run.mean_acceptance_length.toFixed(2), strings.tokensAStep),
        number(run.speedup === null ? '–' : run.speedup.toFixed(2) + '×', strings.runSpeed)),
      el('p', { class: 'ds-card-where' }, run.where),
      el('footer', {}, el('span', { class: 'ds-pays ' + kind }, el('i', { 'aria-hidden': 'true' }, sign), word), button));
  }

  DraftScope.gallery = function gallery(mount, runs, onOpen) {
    mount.replaceChildren(el('div', { class: 'ds-root ds-gallery' }, ...runs.map((run) => card(run, onOpen))));
  };

  function tailOf(prompt) {
    const signs = Array.from(prompt.trim());
    return !signs.length ? '' : signs.length > 160 ? ': … ' + signs.slice(-160).join('') : ': ' + signs.join('');
  }

  /** [[name, value], ...] of a run. */
  function facts({ head, end, prompt, steps, pieces }) {
    const { model, sampling } = head;
    const knobs = Object.entries(head.method.knobs).map(([name, value]) => name + ' = ' + value).join(', ');
    const found = [
      [strings.factMethod, head.method.name + (knobs ? ': ' + knobs : '')],
      [strings.factModel, [model.name, say(strings.factLayers, { n: model.num_layers })].join(', ')],
      [strings.factWhere, [model.device, count(strings.threads, model.threads), model.dtype, model.backend].join(', ')],
      [strings.factSampling, sampling.temperature ? say(strings.factDrawn, sampling) : strings.factGreedy],
      ...(head.processors ? [[strings.factProcessors, say(strings.factOfModel, { list: head.processors })]] : []),
      [strings.factPrompt, say(strings.factPromptTokens, { n: head.num_prompt_tokens }) + tailOf(prompt)],
      [strings.factOutput, say(strings.factTokens, { tokens: pieces.length, steps: Math.max(0, steps.length - 1) })],
      [strings.factRecorded, strings.observed[head.observe] + (head.warm ? strings.factWarm : '')],
    ];
    if (!end) return [...found, [strings.factEnd, strings.running]];
    const { baseline, parity } = end;
    found.push([strings.factEnd, strings.endings[end.finish_reason] || end.finish_reason]);
    found.push([strings.factParity, !parity.checked ? strings.unchecked : parity.equal ? strings.sameText + ', ' + strings.sameTextNote
      : parity.margin === null ? say(strings.otherTextNote, { at: parity.first_divergence })
        : say(strings.otherTextHint, { at: parity.first_divergence, margin: parity.margin })]);
    found.push([strings.factBaseline, baseline && baseline.num_tokens
      ? say(strings.factAlone, { rate: (baseline.num_tokens / baseline.seconds).toFixed(1), tokens: baseline.num_tokens, seconds: baseline.seconds.toFixed(2) })
      : strings.speedUnknown]);
    return found;
  }

  /** The facts of the run that `explorer` shows, as a list of terms. */
  DraftScope.details = function details(mount, explorer) {
    const scene = explorer && explorer.scene;
    const list = scene && scene.steps.length
      ? el('dl', {}, ...facts(scene).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]))
      : el('p', { class: 'ds-empty' }, strings.factNone);
    mount.replaceChildren(el('div', { class: 'ds-root ds-details' }, list));
  };
})(window.DraftScope = window.DraftScope || {});
