// How SuffixDecoding drafts from what it counted, and how it scores drafts: accel/suffix_draft.py.
(function (DraftScope) {
  'use strict';

  const ROUNDING = 1e-6; // 0.58 * 50 is 28.999999999999996: meant is 29

  /** By match length: how many nodes its draft may have, and the lower of that and the levels below it. */
  DraftScope.draftLimits = function draftLimits(asked, depth) {
    const budgets = Array.from({ length: depth }, (_, length) => (
      Math.floor(Math.min(Math.max(asked.alpha * length + asked.offset + ROUNDING, 0), asked.most))));
    return { budgets, rooms: budgets.map((budget, length) => Math.min(budget, depth - length)) };
  };

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
        const parent = found.tokens.length - 1;
        const first = waiting.length;
        for (const [token, child] of states.after[state]) {
          if (states.count[child] >= least) waiting.push({ token, child, parent, level: level + 1 });
        }
        if (waiting.length > first + 1) waiting.push(...waiting.splice(first).sort((one, other) => one.token - other.token));
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

  /** The best of the match lengths that one state holds, the longest on a tie: {length, score, state}. */
  function bestLength(states, state, longest, asked, { budgets, rooms }) {
    const shortest = states.longest[states.link[state]] + 1;
    const most = Math.max(...rooms.slice(shortest, longest + 1));
    const growth = grow(states, state, most, states.depth, asked);
    const best = { length: longest, score: 0, state };
    if (!growth.tokens.length) return best; // nothing ever followed, as after the text's own end
    const sums = [0];
    for (const times of growth.counts) sums.push(sums[sums.length - 1] + times);
    for (let length = longest; length >= shortest; length--) {
      let sum = sums[Math.min(rooms[length], sums.length - 1)];
      if (asked.branching && rooms[length] < budgets[length]) {
        // Allowed more nodes than levels, its own lowest level counts: it is grown by itself.
        sum = grow(states, state, budgets[length], rooms[length], asked).counts.reduce((all, times) => all + times, 0);
      }
      const score = sum / states.count[state];
      if (score > best.score) Object.assign(best, { length, score });
    }
    return best;
  }

  /** The draft with the highest score over all match lengths, the longest match on a tie; null where nothing matches. */
  DraftScope.speculate = function speculate(states, context, asked, limits) {
    let [state, length] = states.match(context, Math.max(1, context.length - states.depth + 1));
    let best = null;
    while (length) {
      const found = bestLength(states, state, length, asked, limits);
      if (!best || found.score > best.score) best = found;
      state = states.link[state];
      length = states.longest[state];
    }
    if (!best) return null;
    const grown = grow(states, best.state, limits.budgets[best.length], states.depth - best.length, asked);
    return { ...grown, score: best.score, probs: grown.counts.map((times) => times / states.count[best.state]) };
  };
})(window.DraftScope = window.DraftScope || {});
