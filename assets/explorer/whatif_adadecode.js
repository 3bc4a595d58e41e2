// AdaDecode under other knobs: each committed token climbs again, and leaves where the confidence recorded there says.
(function (DraftScope) {
  'use strict';

  const { outcome, passSeconds, rounded } = DraftScope;

  /** Layers 0..to-1 for one token, and with it those that wait at `fronts`. */
  function climbSeconds(facts, to, fronts) {
    if (!facts.calibration) return 0;
    let sum = 0;
    for (let layer = 0; layer < to; layer++) {
      sum += passSeconds(facts.calibration, 1 + fronts.filter((front) => front <= layer).length) / facts.layers;
    }
    return sum;
  }

  /** What follows a wrong early token was never computed: it is taken to leave as often, and as high, as right ones. */
  function strayer(facts, asked) {
    const leftAt = facts.looks.map((look) => look.findIndex((sure) => sure !== null && sure > asked.threshold))
      .filter((at) => at >= 0).map((at) => facts.exits[at]);
    const share = leftAt.length / facts.looks.length;
    const height = leftAt.reduce((sum, layer) => sum + layer, 0) / Math.max(leftAt.length, 1);
    return (found, places) => {
      let more = 0;
      for (let number = 1; number <= places; number++) more += share ** number;
      found.calls += more * height;
      found.drafted += more;
      found.takenBack += more;
      found.looks += more;
      found.seconds += more * climbSeconds(facts, rounded(height), []);
    };
  }

  /** One step from committed token number `at`; returns how many tokens it commits. */
  function round(facts, asked, stray, at, found) {
    const last = facts.tokens; // number of the last committed token
    const most = Math.min(asked.max_early, facts.most - at - 2);
    const over = (lead) => facts.ended && lead === last;
    const fronts = [];
    let lead = at;
    let right = true;
    while (right && !over(lead) && fronts.length < most && lead < last) {
      const look = facts.looks[facts.slots[lead]];
      const exit = look.findIndex((sure) => sure > asked.threshold);
      found.looks += exit < 0 ? look.length : exit + 1;
      if (exit < 0) break;
      right = facts.right[lead][exit] === '1';
      const layer = facts.exits[exit];
      fronts.push(layer);
      found.calls += layer;
      found.seconds += climbSeconds(facts, layer, []);
      lead += Number(right);
    }
    if (right && !over(lead) && lead === last) found.goesBeyond = true; // the text's end, by an early token
    if (!right) stray(found, most - fronts.length);
    found.calls += facts.layers;
    found.seconds += climbSeconds(facts, facts.layers, fronts);
    found.steps += 1;
    found.drafted += fronts.length;
    found.takenBack += Number(!right);
    return lead - at + Number(!over(lead));
  }

  DraftScope.whatifRules.adadecode = function adadecode(facts, asked) {
    const found = { tokens: facts.tokens, steps: 0, drafted: 0, takenBack: 0, calls: 0, looks: 0, seconds: 0 };
    const stray = strayer(facts, asked);
    for (let at = 0; at < facts.tokens;) at += round(facts, asked, stray, at, found);
    found.seconds += found.looks * facts.look_seconds;
    return outcome(facts, found.takenBack || found.goesBeyond || !facts.certain ? 'estimate' : 'exact', found);
  };
})(window.DraftScope = window.DraftScope || {});
