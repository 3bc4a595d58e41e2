// Every figure of the run up to the current step, with what it is over what and how it is known; made when it is opened.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count, duration } = DraftScope;

  const fixed = (value, digits) => (value === null || value === undefined ? null : value.toFixed(digits));
  const percent = (value) => (value === null ? null : (value * 100).toFixed(1) + ' %');
  const times = (found) => (found ? found.value.toFixed(2) + '×' : null);

  /** Drafting, verifying and the rest, of all seconds after the prompt. */
  function split(scene, upTo) {
    const spent = upTo > 0 ? scene.steps[upTo].spent.slice(0, 3) : [];
    const total = spent.reduce((sum, seconds) => sum + seconds, 0);
    if (!total) return null;
    const [draft, verify, other] = spent.map((seconds) => percent(seconds / total));
    return say(strings.tipSplit, { draft, verify, other });
  }

  /** What was measured of half precision; nothing where it was not (fp32, and runs recorded before it was). */
  function invariant(rows) {
    if (!rows) return null;
    return rows === 1 ? strings.notInvariant : say(strings.invariantRows, { n: rows });
  }

  /** [name, value or null where it is not defined] of each figure; the rest of a row is words. */
  function values(scene, upTo) {
    const number = (name) => scene.number(upTo, name);
    const { device, dtype, threads, backend, invariant_rows: rows } = scene.head.model;
    return {
      now: fixed(scene.rateOf(upTo), 1),
      average: fixed(number('tokens_per_second'), 1),
      speedupMeasured: times(scene.speedupMeasured(upTo)),
      speedupModelled: times(scene.speedupModelled(upTo)),
      length: fixed(number('mean_acceptance_length'), 2),
      tested: percent(number('acceptance_rate')),
      drafted: percent(number('draft_acceptance_rate')),
      counts: number('num_draft_tokens') ? say(strings.draftsKeptNote, { kept: number('num_accepted_tokens'),
        drafted: number('num_draft_tokens'), tested: number('num_tested_tokens') === null ? '–' : number('num_tested_tokens') }) : null,
      passes: fixed(number('passes_per_token'), 2),
      calls: fixed(number('layer_calls_per_token'), 1),
      split: split(scene, upTo),
      looking: upTo > 0 ? duration(scene.steps[upTo].spent[3]) : null,
      machine: [device, dtype, count(strings.threads, threads), backend, invariant(rows)].filter(Boolean).join(', '),
    };
  }

  function table(scene, upTo) {
    const found = values(scene, upTo);
    const rows = strings.figures.map(([key, name, kind, meaning]) => el('tr', { 'data-figure': key },
      el('th', { scope: 'row' }, name), el('td', { class: 'ds-number' }, found[key] === null ? strings.undefinedYet : found[key]),
      el('td', {}, kind), el('td', {}, meaning)));
    return el('table', {}, el('thead', {}, el('tr', {}, ...strings.figureHeads.map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, ...rows));
  }

  /** The table, and the button at the end of the counters that opens it. */
  class Figures {
    constructor(host) {
      this.area = el('div', { class: 'ds-figures-area' });
      this.badge = el('p', { class: 'ds-note' });
      this.node = el('section', { class: 'ds-panel ds-figures', 'aria-label': strings.figuresTitle, hidden: true }, this.area, this.badge);
      this.button = DraftScope.iconButton(strings.figuresTitle, ['M6 9l6 6 6-6'], () => {
        this.node.hidden = !this.node.hidden;
        this.draw(host.scene, host.state);
      });
      this.button.classList.add('ds-more');
    }

    draw(scene, state) {
      const there = Boolean(scene && scene.steps.length);
      this.button.disabled = !there;
      this.button.setAttribute('aria-expanded', String(!this.node.hidden));
      if (this.node.hidden || !there) return this.area.replaceChildren();
      this.badge.textContent = DraftScope.parityWords(scene);
      return this.area.replaceChildren(table(scene, DraftScope.countedUpTo(state)));
    }
  }

  DraftScope.Figures = Figures;
})(window.DraftScope = window.DraftScope || {});
