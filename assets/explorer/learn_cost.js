// What a pass costs by its number of tokens, from a run's calibration: one pass over all of them beside a pass for each.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count, learnWords: words } = DraftScope;
  const LARGEST = 8; // tokens in a pass that are drawn: with more, one pass would be a hair beside as many

  const time = (seconds) => say(words.milliseconds, { n: Math.round(1000 * seconds) });
  const share = (seconds, most) => 'width:' + (100 * seconds / most).toFixed(2) + '%';

  function row([tokens, seconds], alone, most) {
    const name = count(words.costRow, tokens);
    const said = say(words.costLine, { tokens: name, time: time(seconds), alone: time(tokens * alone) });
    return el('li', { title: said },
      el('span', { class: 'ds-cost-name' }, name),
      el('span', { class: 'ds-cost-track', 'aria-hidden': 'true' }, el('i', { class: 'ds-cost-each', style: share(tokens * alone, most) }),
        el('i', { class: 'ds-cost-one', style: share(seconds, most) })),
      el('span', { class: 'ds-cost-time' }, time(seconds)), el('span', { class: 'ds-cost-alone' }, time(tokens * alone)));
  }

  const heads = () => el('li', { class: 'ds-cost-head' }, el('span', {}), el('span', {}), el('span', { class: 'ds-cost-time' }, words.costOne),
    el('span', { class: 'ds-cost-alone' }, words.costEach));

  /** The figure for a run: `costs` is [[tokens, seconds], ...], `scene` says on what it was measured. */
  DraftScope.costFigure = function costFigure(costs, scene) {
    const known = costs.filter(([tokens]) => tokens <= LARGEST);
    const head = el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, words.costTitle));
    if (!known.length) return el('section', { class: 'ds-panel ds-cost' }, head, el('p', { class: 'ds-empty' }, words.costNone));
    const { name, device, threads, dtype } = scene.head.model;
    const where = [name, device, count(strings.threads, threads), dtype].join(', ');
    const alone = known[0][1] / known[0][0];
    const most = Math.max(...known.map(([tokens, seconds]) => Math.max(seconds, tokens * alone)));
    return el('section', { class: 'ds-panel ds-cost' }, head, el('ul', { role: 'list' }, heads(), ...known.map((one) => row(one, alone, most))),
      el('p', { class: 'ds-note' }, say(words.costAbout, { where })));
  };
})(window.DraftScope = window.DraftScope || {});
