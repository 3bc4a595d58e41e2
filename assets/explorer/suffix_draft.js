// How SuffixDecoding drafts from what it counted, and how it scores drafts: accel/suffix_draft.py.
(function (DraftScope) {
  'use strict';

  const ROUNDING = 1e-6; // 0.58 * 50 is 28.999999999999996: meant is 29

  /** How many tokens may be drafted after a match of that length. */
  function budget(asked, length) {
    return Math.floor(Math.min(Math.max(asked.alpha * length + asked.offset + ROUNDING, 0), asked.most));
  }

  /** The lowest count, 1 or more, with count / base >= share. */
  function leastCount(base, share) {
    const least = Math.max(Math.floor(base * share), 1);
    return least / base >= share ? least : least + 1;
  }

  /** Follow the most frequent token; the lowest on a tie. */
  function path(states, from, most, least) {
    const found = { tokens: [], parents: [], counts: [] };
    let state = from;
    while (found.tokens.length < most) {
      let best = null;
      let times = 0;
      let end = 0;
      for (const [token, child] of states.after[state]) {
        const count = states.count[child];
        if (count >= least && (count > times || (count === times && token < best))) [best, times, end] = [token, count, child];
      }
      if (best === null) break;
      found.parents.push(found.tokens.length - 1);
      found.tokens.push(best);
      found.counts.push(times);
      state = end;
    }
    return found;
  }

  /** Take the most probable node that hangs on what is taken; the one seen first on a tie. */
  function tree(states, from, most, levels, least) {
    const found = { tokens: [], parents: [], counts: [] };
    const waiting = []; // in the order seen
    let state = from;
    let level = 0;
    while (found.tokens.length < most) {
      if (level < levels) {
        const children = [...states.after[state]].filter(([, child]) => states.count[child] >= least).sort((a, b) => a[0] - b[0]);
        for (const [token, child] of children) waiting.push({ token, child, parent: found.tokens.length - 1, level: level + 1 });
      }
      if (!waiting.length) break;
      let first = 0;
      for (let at = 1; at < waiting.length; at++) {
        if (states.count[waiting[at].child] > states.count[waiting[first].child]) first = at;
      }
      const [taken] = waiting.splice(first, 1);
      ({ child: state, level } = taken);
      found.tokens.push(taken.token);
      found.parents.push(taken.parent);
      found.counts.push(states.count[state]);
    }
    return found;
  }

  /** Draft from a matched state: at most `most` nodes on at most `levels` levels. */
  function grow(states, state, most, levels, asked) {
    const least = leastCount(states.count[state], asked.min_prob);
    return asked.branching ? tree(states, state, most, levels, least) : path(states, state, Math.min(most, levels), least);
  }

  /** The score of every match length that one state holds, the longest first: {length, score, state}. */
  function scores(states, state, longest, asked) {
    const { depth } = states;
    const shortest = states.longest[states.link[state]] + 1;
    const count = states.count[state];
    const room = (length) => Math.min(budget(asked, length), depth - length);
    let most = 0;
    for (let length = shortest; length <= longest; length++) most = Math.max(most, room(length));
    const growth = grow(states, state, most, depth, asked);
    const sums = [0];
    for (const times of growth.counts) sums.push(sums[sums.length - 1] + times);
    const found = [];
    for (let length = longest; length >= shortest; length--) {
      let sum = sums[Math.min(room(length), sums.length - 1)];
      if (asked.branching && growth.tokens.length && room(length) < budget(asked, length)) {
        // Allowed more nodes than levels, its own lowest level counts: it is grown by itself.
        sum = grow(states, state, budget(asked, length), room(length), asked).counts.reduce((all, times) => all + times, 0);
      }
      found.push({ length, score: sum / count, state });
    }
    return found;
  }

  /** The draft with the highest score over all match lengths, the longest match on a tie; null where nothing matches. */
  DraftScope.speculate = function speculate(states, context, asked) {
    let [state, length] = states.match(context, Math.max(1, context.length - states.depth + 1));
    let best = null;
    while (length) {
      for (const tried of scores(states, state, length, asked)) if (!best || tried.score > best.score) best = tried;
      state = states.link[state];
      length = states.longest[state];
    }
    if (!best) return null;
    const grown = grow(states, best.state, budget(asked, best.length), states.depth - best.length, asked);
    return { ...grown, score: best.score, probs: grown.counts.map((times) => times / states.count[best.state]) };
  };
})(window.DraftScope = window.DraftScope || {});
