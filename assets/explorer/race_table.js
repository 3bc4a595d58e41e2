// The result of a race: one row a lane in the order of finishing, and whether the texts are the same.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, duration } = DraftScope;
  const UNKNOWN = '–';

  const fixed = (value, digits) => (value === null ? UNKNOWN : value.toFixed(digits));

  function sameText(lane, at) {
    if (lane.text.of === at) return [strings.raceReference, ''];
    if (lane.head.sampling.temperature > 0) return [strings.raceDrawn, ''];
    return lane.text.equal ? ['✓ ' + strings.yes, 'ds-yes'] : ['≠ ' + say(strings.raceFrom, { at: lane.text.at }), 'ds-no'];
  }

  /** [column, text, class] of a lane. */
  function cells(lane, at, place) {
    const { numbers } = lane;
    const [same, kind] = sameText(lane, at);
    return [
      ['place', strings.places[place], ''],
      ['method', lane.head.method.name, ''],
      ['seconds', duration(numbers.seconds), ''],
      ['tokens', String(numbers.num_tokens), ''],
      ['rate', fixed(numbers.tokens_per_second, 1), ''],
      ['speedup', numbers.speedup_measured === null ? UNKNOWN : fixed(numbers.speedup_measured, 2) + '×', ''],
      ['gain', fixed(numbers.mean_acceptance_length, 2), ''],
      ['kept', numbers.acceptance_rate === null ? UNKNOWN : Math.round(numbers.acceptance_rate * 100) + ' %', ''],
      ['calls', fixed(numbers.layer_calls_per_token, 1), ''],
      ['prefill', duration(numbers.prefill_seconds), ''],
      ['same', same, kind],
    ];
  }

  /** `order` holds indices of lanes as they finished. */
  DraftScope.raceTable = function raceTable(lanes, order) {
    const rows = order.map((at, place) => el('tr', { 'data-method': lanes[at].head.method.name },
      ...cells(lanes[at], at, place).map(([name, text, kind]) => (name === 'method'
        ? el('th', { scope: 'row' }, text) : el('td', { class: kind || null, 'data-column': name }, text)))));
    const heads = Object.entries(strings.raceColumns).map(([name, [label, hint]]) => el('th', { scope: 'col', title: hint, 'data-column': name }, label));
    return el('div', { class: 'ds-panel ds-table-box ds-scrolls', tabindex: '0', role: 'region', 'aria-label': strings.raceTable },
      el('table', { class: 'ds-table' }, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows)));
  };

  /** {text, kind: same | other | drawn} for the finish line. */
  DraftScope.raceVerdict = function raceVerdict(race) {
    const { lanes } = race;
    if (lanes.some((lane) => lane.head.sampling.temperature > 0)) return { text: strings.raceTextsDrawn, kind: 'drawn' };
    const others = lanes.filter((lane) => !lane.text.equal);
    if (!others.length) {
      return { text: say(strings.raceTextsSame, { lanes: lanes.length, tokens: DraftScope.count(strings.tokens, lanes[0].pieces.length) }), kind: 'same' };
    }
    const told = others.map((lane) => say(lane.text.margin === null ? strings.raceParts : strings.racePartsBy,
      { method: lane.head.method.name, of: lanes[lane.text.of].head.method.name, at: lane.text.at, margin: lane.text.margin }));
    const why = lanes[0].head.model.dtype === 'float32' ? strings.otherTextExact : strings.nearTie;
    return { text: [strings.raceTextsDiffer, ...told, why].join(' '), kind: 'other' };
  };
})(window.DraftScope = window.DraftScope || {});
