// A counted suffix automaton of limited depth: accel/suffix_states.py, without forgetting. Strings that end at the same
// places share a state, so a new token touches the states of its own suffixes alone.
(function (DraftScope) {
  'use strict';

  const ROOT = 0;
  const ABOVE_ROOT = -1;

  class SuffixStates {
    constructor(depth) {
      this.depth = depth;
      this.longest = [0];
      this.link = [ABOVE_ROOT];
      this.after = [new Map()];
      this.count = [0];
      this.tip = ROOT; // of the last depth - 1 tokens
      this.length = 0;
    }

    /** One more token of the text. */
    append(token) {
      const room = this.depth - 1;
      this.tip = this.narrow(this.add(this.tip, Math.min(this.length, room), token), Math.min(this.length + 1, room));
      this.length += 1;
    }

    /** The longest suffix of `tokens` from `start` on that occurs, as [state, length]. */
    match(tokens, start) {
      const { after, link, longest } = this;
      let state = ROOT;
      let length = 0;
      for (let at = start; at < tokens.length; at++) {
        while (!after[state].has(tokens[at]) && state !== ROOT) {
          state = link[state];
          length = longest[state];
        }
        if (after[state].has(tokens[at])) {
          state = after[state].get(tokens[at]);
          length += 1;
        }
      }
      return [this.narrow(state, length), length];
    }

    /** The state of the suffix of that length, among the suffixes of what `state` holds. */
    narrow(state, length) {
      while (state !== ROOT && this.longest[this.link[state]] >= length) state = this.link[state];
      return state;
    }

    /** Count every suffix that ends in `token`, after the `length` tokens of `tip`; the state of the longest. */
    add(tip, length, token) {
      const { after, link, count } = this;
      if (after[tip].has(token)) this._reach(tip, token);
      else {
        const fresh = this._fresh(length + 1, 0, new Map());
        let state = tip;
        for (; state !== ABOVE_ROOT && !after[state].has(token); state = link[state]) after[state].set(token, fresh);
        link[fresh] = state === ABOVE_ROOT ? ROOT : this._reach(state, token);
      }
      const from = this.narrow(tip, length); // the state that was split may have been the tip's own
      let counted = ROOT;
      for (let state = from; state !== ABOVE_ROOT; state = link[state]) {
        const child = after[state].get(token);
        if (child !== counted) count[child] += 1;
        counted = child;
      }
      return after[from].get(token);
    }

    /** The state of `state`'s longest + token, split off from longer strings, which are not met there. */
    _reach(state, token) {
      const { after, link, longest } = this;
      const child = after[state].get(token);
      const length = Math.min(longest[state] + 1, this.depth);
      if (longest[child] === length) return child;
      const full = length === this.depth - 1; // what is left in `child` has full length: nothing is counted after it
      const upper = this._fresh(length, this.count[child], full ? after[child] : new Map(after[child]));
      if (full) after[child] = new Map();
      link[upper] = link[child];
      link[child] = upper;
      for (let at = state; at !== ABOVE_ROOT && after[at].get(token) === child; at = link[at]) after[at].set(token, upper);
      return upper;
    }

    _fresh(longest, count, after) {
      this.longest.push(longest);
      this.link.push(ABOVE_ROOT);
      this.after.push(after);
      this.count.push(count);
      return this.longest.length - 1;
    }
  }

  DraftScope.SuffixStates = SuffixStates;
})(window.DraftScope = window.DraftScope || {});
