// SuffixDecoding under other knobs: its drafter is replayed over the recorded text (accel/whatif_suffix.py, replay.py).
(function (DraftScope) {
  'use strict';

  const { draftLimits, outcome, passSeconds, speculate, SuffixStates } = DraftScope;
  const DEPTH = 64; // longest match and draft together

  /** How many of these drafted tokens to verify: the count with the most tokens per second. */
  function worthwhile(calibration, gains) {
    if (!calibration) return gains.length;
    let best = 0;
    let bestRate = 1 / passSeconds(calibration, 1);
    let expected = 1;
    gains.forEach((gain, at) => {
      expected += gain;
      const rate = expected / passSeconds(calibration, 2 + at);
      if (rate > bestRate) [best, bestRate] = [at + 1, rate];
    });
    return best;
  }

  /** How far down the first `count` nodes of a draft the answer goes from number `at` on. */
  function accepted(draft, count, answer, at) {
    let node = -1;
    let depth = 0;
    while (at + depth < answer.length) {
      const next = draft.tokens.findIndex((token, i) => i < count && draft.parents[i] === node && token === answer[at + depth]);
      if (next < 0) break;
      node = next;
      depth += 1;
    }
    return depth;
  }

  /** The draft with the higher score of the two texts counted; the request's own on a tie. */
  function plan(trees, context, asked, limits) {
    const [request, session] = trees.map((states) => states && speculate(states, context, asked, limits));
    if (!request || (session && session.score > request.score)) {
      return session && session.score > 0 ? session : { tokens: [], parents: [], probs: [] };
    }
    return request;
  }

  DraftScope.whatifRules.suffix = function suffix(facts, asked) {
    const { prompt, answer, calibration } = facts;
    const known = { request: new SuffixStates(DEPTH), session: new SuffixStates(DEPTH) };
    const trees = ['request', 'session'].map((name) => (asked.memory === 'both' || asked.memory === name ? known[name] : null));
    const found = { tokens: facts.tokens, steps: 0, drafted: 0, takenBack: 0, calls: 0, seconds: 0 };
    for (const token of prompt) known.request.append(token);
    let done = 0;
    let limits = {};
    for (let at = 1; at < answer.length;) {
      for (; done < at; done++) for (const states of Object.values(known)) states.append(answer[done]);
      const context = (at < DEPTH ? prompt.slice(Math.max(0, prompt.length + at - DEPTH)) : []).concat(answer.slice(Math.max(0, at - DEPTH), at));
      const most = Math.min(asked.num_draft_tokens, facts.most - at - 1);
      if (most !== limits.most) limits = { most, ...draftLimits({ ...asked, most }, DEPTH) };
      const draft = plan(trees, context, asked, limits);
      const drafted = worthwhile(asked.calibrated ? calibration : null, draft.probs);
      const kept = accepted(draft, drafted, answer, at);
      found.steps += 1;
      found.drafted += drafted;
      found.takenBack += drafted - kept;
      if (calibration) found.seconds += passSeconds(calibration, 1 + drafted);
      at += kept + 1;
    }
    found.seconds += facts.draft_seconds * found.steps;
    found.calls = found.steps * facts.layers;
    const goesBeyond = facts.interrupted && found.drafted - found.takenBack + found.steps > facts.tokens;
    return outcome(facts, facts.certain && !goesBeyond ? 'exact' : 'estimate', found);
  };
})(window.DraftScope = window.DraftScope || {});
