// What the Tune tab says, beside strings.js.
(function (DraftScope) {
  'use strict';

  DraftScope.tuneWords = {
    title: 'What if',
    about: '{method} on {model}: the run in Explore, {tokens} tokens, worked out again in your browser',
    empty: 'Other settings for the run that Explore shows are worked out here. Open a recorded run there, or run your own prompt.',
    running: 'The run in Explore is still going on; its settings can be turned when it has ended.',
    cannot: 'This run cannot say what other settings would have done: {why}.',
    cannotNext: 'Below, other settings can be measured instead.',
    knobs: 'Knobs',
    recorded: 'recorded: {value}',
    reset: 'Back to the recorded settings',
    on: 'on', off: 'off',
    kinds: { exact: 'exact', estimate: 'estimate' },
    kindLabel: 'counts',
    kindNotes: { exact: 'what that run would do', estimate: 'not certain: the range is below' },
    why: {
      suffix: {
        exact: 'Exact: a guess depends on the text before it alone, and the text does not change, so the drafter was replayed over it.',
        estimate: 'Estimate: the trace does not hold all that this depends on: what the session had learnt before, how many tokens were left, or how the text went on where it was interrupted. How far off it is nobody measured.',
      },
      adadecode: {
        exact: 'Exact: every token that would leave early here is the right one, so all that follows from it was recorded.',
        estimate: 'Estimate: some token that would leave early here is wrong. What follows a wrong one was never computed; it is taken to leave as often, and as high up, as others. Real runs took 0.8 to 1.25 times these layer calls.',
      },
      clasp: {
        estimate: 'Estimate: recorded guesses are cut shorter. Where the next ones would have begun was never computed, nor longer ones, which are taken to be as long as the recorded ones. Real runs took 0.9 to 1.1 times these layer calls where guesses were cut, and up to 2.7 times where they could be longer.',
      },
    },
    own: 'Exact: these are the recorded settings, and this is what the run did.',
    speedNote: 'The speed-up is predicted from what a pass was measured to take on {device}.',
    noSpeed: 'The trace holds no measurement of what a pass takes, so no speed-up is predicted.',
    counters: {
      speedup: 'faster, predicted', slower: 'as fast: slower, predicted', perStep: 'tokens a step', drafted: 'tokens drafted', takenBack: 'of them not kept',
      calls: 'layer calls a token',
    },
    counterNote: 'recorded: {value}',
    speedCurve: 'Speed-up, predicted, by {knob}',
    callsCurve: 'Layer calls a token, by {knob}',
    curveLabel: '{title}. Chosen {at}: {value}. Recorded: {recorded}.',
    curveKey: ['exact', 'estimate', 'the model alone', 'recorded setting', 'chosen setting'],
    names: { threshold: 'threshold', max_early: 'most early tokens', draft_exit: 'draft exit', num_draft_tokens: 'most drafted tokens', alpha: 'alpha',
      offset: 'offset', min_prob: 'least probability', branching: 'branching', memory: 'memory', calibrated: 'calibrated' },
    hints: {
      threshold: 'Leave when the head is surer than this; above 1, never', max_early: 'The most tokens waiting for their upper layers',
      draft_exit: 'Stop guessing after a token less sure than this', num_draft_tokens: 'The most tokens to guess at once',
      alpha: 'Tokens to guess for each token matched', offset: 'Tokens to guess on top of that',
      min_prob: 'Guesses seen more seldom than this share are left out', branching: 'Guess several ways on, as a tree',
      memory: 'Where to look for earlier text', calibrated: 'Draft less where a wider pass would cost more than it wins',
    },
    choices: { both: 'both', request: 'this request', session: 'earlier answers' },
  };

  DraftScope.pointWords = {
    progress: 'How far the measurement is',
    list: 'Settings measured',
    empty: 'What is measured appears here: a line for every setting, and its run to open in the explorer.',
    columns: [['setting', 'setting'], ['speed', 'speed-up, measured'], ['predicted', 'predicted'], ['calls', 'layer calls a token'],
      ['step', 'tokens a step'], ['lost', 'drafts not kept'], ['same', 'text'], ['open', '']],
    kinds: { exact: 'counts exact', estimate: 'counts estimated' },
    predicted: 'predicted {value}',
    fastest: 'fastest', onFront: '◆ on the front', same: '✓ same', differs: '≠ differs',
    open: 'Open', openLabel: 'Open the run with {setting} in the explorer',
  };
})(window.DraftScope = window.DraftScope || {});
