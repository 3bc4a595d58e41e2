// Time in a race: when each step of a lane ended, and what stands at any moment. No state, nothing drawn.
(function (DraftScope) {
  'use strict';

  /** How many of these ascending numbers are at most `value`, by halving. */
  DraftScope.countUpTo = function countUpTo(ascending, value) {
    let low = 0;
    let high = ascending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ascending[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  class LaneClock {
    /** `steps` is [seconds, tokens] of each; step 0 read the prompt, and the clock starts when it is done. */
    constructor(steps) {
      let seconds = 0;
      let tokens = 0;
      this.ends = steps.map(([took], index) => (seconds += index ? took : 0));
      this.tokens = steps.map(([, gained]) => (tokens += gained));
    }

    get total() { return this.ends.length ? this.ends[this.ends.length - 1] : 0; }
    get numTokens() { return this.tokens.length ? this.tokens[this.tokens.length - 1] : 0; }

    /** What has been committed `seconds` after the start; a function of that time alone. */
    at(seconds) {
      const done = Math.max(1, DraftScope.countUpTo(this.ends, seconds));
      return { step: done - 1, tokens: this.tokens[done - 1] || 0, seconds: Math.min(seconds, this.total),
        finished: seconds >= this.total };
    }
  }

  /** Indices of the lanes as they finish; at the same moment, in the order given. */
  DraftScope.finishOrder = function finishOrder(clocks) {
    return clocks.map((clock, at) => at).sort((one, other) => clocks[one].total - clocks[other].total || one - other);
  };

  /** Every moment at which some lane commits, ascending, each once. */
  DraftScope.moments = function moments(clocks) {
    return [...new Set(clocks.flatMap((clock) => clock.ends))].sort((one, other) => one - other);
  };

  DraftScope.LaneClock = LaneClock;
})(window.DraftScope = window.DraftScope || {});
