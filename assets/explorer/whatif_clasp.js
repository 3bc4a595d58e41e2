// CLaSp under other knobs: each recorded draft is cut where it falls below the line; a longer one was never computed.
(function (DraftScope) {
  'use strict';

  const { outcome, passSeconds, rounded } = DraftScope;

  function cut(drafts, asked) {
    const below = drafts.findIndex((sure) => sure < asked.draft_exit);
    return Math.min(below < 0 ? drafts.length : below + 1, asked.num_draft_tokens);
  }

  DraftScope.whatifRules.clasp = function clasp(facts, asked) {
    const found = { tokens: 0, steps: facts.rounds.length, drafted: 0, takenBack: 0, calls: 0, seconds: 0 };
    for (const [drafts, kept, calls, committed, seconds] of facts.rounds) {
      const length = cut(drafts, asked);
      const share = drafts.length ? length / drafts.length : 1;
      found.tokens += Math.min(committed, length + 1); // a text may end in an accepted draft
      found.drafted += length;
      found.takenBack += Math.max(length - kept, 0);
      found.calls += facts.layers + rounded(calls * share);
      if (facts.calibration) found.seconds += passSeconds(facts.calibration, 1 + length) + seconds * share;
    }
    return outcome(facts, 'estimate', found);
  };
})(window.DraftScope = window.DraftScope || {});
