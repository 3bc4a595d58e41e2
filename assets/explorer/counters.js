// The numbers of the run up to the current step. Each says what it is of, and whether it was measured or modelled.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, setText } = DraftScope;

  const UNKNOWN = '–';

  function fixed(value, digits) {
    return value === null || value === undefined ? UNKNOWN : value.toFixed(digits);
  }

  function speedup(scene, upTo) {
    const found = scene.speedup(upTo);
    if (!found) return [UNKNOWN, strings.faster, '', strings.speedUnknown];
    if (scene.isReference) return ['1.00×', strings.reference, '', strings.referenceHint];
    const measured = found.kind === 'measured';
    return [found.value.toFixed(found.value < 10 ? 2 : 1) + '×', found.value < 1 ? strings.slower : strings.faster,
      measured ? strings.measured : strings.modelled, measured ? strings.speedMeasured : strings.speedModelled];
  }

  function acceptance(scene, upTo) {
    const tested = scene.number(upTo, 'acceptance_rate');
    const drafted = scene.number(upTo, 'num_draft_tokens');
    const kept = scene.number(upTo, 'num_accepted_tokens');
    const note = tested === null ? '' : say(strings.draftsKeptNote, { kept, drafted, tested: scene.number(upTo, 'num_tested_tokens') });
    return [tested === null ? UNKNOWN : Math.round(tested * 100) + ' %', strings.draftsKept, note, strings.draftsKeptHint];
  }

  function parity(scene) {
    const end = scene.end;
    if (!end) return [strings.running, strings.badge, '', strings.uncheckedHint];
    const { checked, equal, first_divergence: at } = end.parity;
    if (!checked) return [strings.unchecked, strings.badge, '', DraftScope.parityWords(scene)];
    if (equal) return ['✓', strings.sameText, strings.sameTextNote, strings.sameTextHint];
    return ['≠', strings.otherText, say(strings.otherTextNote, { at }), DraftScope.parityWords(scene)];
  }

  /** The badge in full sentences: what was compared, and what a difference means. */
  DraftScope.parityWords = function parityWords({ end, head }) {
    if (!end || !end.parity.checked) return head.sampling.temperature > 0 ? strings.sampledHint : strings.uncheckedHint;
    const { equal, first_divergence: at, margin } = end.parity;
    if (equal) return strings.sameTextHint;
    const first = say(margin === null ? strings.otherTextNote : strings.otherTextHint, { at, margin });
    return first + ' ' + (head.model.dtype === 'float32' ? strings.otherTextExact : strings.nearTie);
  };

  /** The last step whose numbers are known: while a step is being acted out, the one before. */
  DraftScope.countedUpTo = (state) => (state.phase === 'commit' ? state.step : state.step - 1);

  function now(scene, upTo) {
    const rate = scene.rateOf(upTo);
    return rate === null ? '' : say(strings.thisStep, { rate: rate.toFixed(1) });
  }

  /** [value, label, note, hint] of each counter. */
  function readings(scene, upTo) {
    return [
      speedup(scene, upTo),
      [fixed(scene.number(upTo, 'mean_acceptance_length'), 2), strings.tokensAStep, say(strings.alone, { value: '1.00' }), strings.tokensAStepHint],
      acceptance(scene, upTo),
      [fixed(scene.number(upTo, 'layer_calls_per_token'), 1), strings.layerCalls,
        say(strings.alone, { value: scene.head.model.num_layers }), strings.layerCallsHint],
      [fixed(scene.number(upTo, 'tokens_per_second'), 1), strings.speed, now(scene, upTo), strings.speedHint],
      parity(scene),
    ];
  }

  const NAMES = ['speedup', 'tokens', 'acceptance', 'calls', 'speed', 'parity'];

  class Counters {
    constructor() {
      this.cells = NAMES.map((name) => {
        const [value, label, note] = ['ds-value', 'ds-name', 'ds-kind'].map((part) => el('span', { class: part }));
        return { value, label, note, node: el('div', { class: 'ds-counter', 'data-counter': name }, value, label, note) };
      });
      this.node = el('section', { class: 'ds-counters', role: 'group' }, ...this.cells.map((cell) => cell.node));
    }

    draw(scene, state) {
      const upTo = DraftScope.countedUpTo(state);
      const found = scene && scene.steps.length ? readings(scene, upTo)
        : [strings.faster, strings.tokensAStep, strings.draftsKept, strings.layerCalls, strings.speed, strings.badge]
          .map((label) => [UNKNOWN, label, '', '']);
      found.forEach(([value, label, note, hint], at) => {
        const cell = this.cells[at];
        setText(cell.value, value);
        setText(cell.label, label);
        setText(cell.note, note);
        cell.value.classList.toggle('ds-word', /[a-z]{2}/.test(value));
        if (cell.node.title !== hint) cell.node.title = hint;
      });
      this.cells[5].node.classList.toggle('ds-good', found[5][0] === '✓');
      this.cells[5].node.classList.toggle('ds-bad', found[5][0] === '≠');
    }
  }

  DraftScope.Counters = Counters;
})(window.DraftScope = window.DraftScope || {});
