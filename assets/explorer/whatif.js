// What another knob would have done, worked out here from a recorded run: the rules of accel/whatif.py, and no request.
// `facts` is what visuals/whatif_json.py says of the run. Every rule gives the same numbers as there.
(function (DraftScope) {
  'use strict';

  const rules = {};

  /** Python's own rounding: a half goes to the even number. */
  function rounded(value) {
    const whole = Math.floor(value);
    const rest = value - whole;
    return rest < 0.5 || (rest === 0.5 && whole % 2 === 0) ? whole : whole + 1;
  }

  /** Seconds of a pass over so many tokens: between two measured points, a straight line. */
  function passSeconds([measured, seconds], rows) {
    let at = measured.findIndex((known) => known >= rows);
    if (at >= 0 && (measured[at] === rows || at === 0)) return seconds[at];
    if (at < 0) at = measured.length - 1;
    if (at === 0) return seconds[0];
    const slope = (seconds[at] - seconds[at - 1]) / (measured[at] - measured[at - 1]);
    return Math.max(seconds[at - 1] + slope * (rows - measured[at - 1]), 0);
  }

  /** The totals of a run as its outcome. */
  function outcome(facts, kind, { tokens, steps, drafted, takenBack, calls, seconds }) {
    const speedup = facts.calibration && seconds ? passSeconds(facts.calibration, 1) * tokens / seconds : null;
    return { kind, tokens, steps, drafted, takenBack, callsPerToken: calls / Math.max(tokens, 1), speedup };
  }

  /** Can the knob `[name, kind, low, high]` have this value? */
  function allows([, kind, low, high], value) {
    if (kind === 'switch') return typeof value === 'boolean';
    if (kind === 'choice') return typeof value === 'string';
    return typeof value === 'number' && value >= low && value <= high && (kind === 'number' || Number.isInteger(value));
  }

  /** What the recorded run itself came to. */
  function recorded(facts) {
    const [steps, drafted, takenBack, calls, seconds] = facts.own;
    return { own: true, ...outcome(facts, 'exact', { tokens: facts.tokens, steps, drafted, takenBack, calls, seconds }) };
  }

  /** The run with these knobs changed: {kind: 'exact' | 'estimate', ...}, or {refusal} in words. */
  function whatif(facts, knobs) {
    if (facts.refusal) return { refusal: facts.refusal };
    for (const [name, value] of Object.entries(knobs)) {
      const turn = facts.turns.find(([known]) => known === name);
      if (!turn) return { refusal: 'what another ' + name + ' would have done was never computed' };
      if (!allows(turn, value)) return { refusal: name + ' cannot be ' + value };
    }
    if (Object.entries(knobs).every(([name, value]) => value === facts.knobs[name])) return recorded(facts);
    return rules[facts.method](facts, { ...facts.knobs, ...knobs });
  }

  Object.assign(DraftScope, { whatif, whatifRules: rules, outcome, passSeconds, rounded });
})(window.DraftScope = window.DraftScope || {});
