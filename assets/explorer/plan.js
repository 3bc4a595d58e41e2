// A skip plan as it was sent, with its table of cosines decoded when it is first looked at.
(function (DraftScope) {
  'use strict';

  class Plan {
    constructor([early, skipped, likeness, width, digits], step, layers) {
      Object.assign(this, { early, skipped, likeness, width, step, layers });
      this._digits = digits;
    }

    /** After `row` layers, `skipped` of them left out. */
    cosine(row, skipped) {
      if (!this._cosines) this._cosines = DraftScope.confidences(this._digits).map((share) => 2 * share - 1);
      return this._cosines[row * this.width + skipped];
    }

    /** The chosen way: [layers considered, skipped so far], from the bottom. */
    path() {
      const found = [[0, 0]];
      let skipped = 0;
      for (let layer = 0; layer < this.layers; layer++) {
        skipped = Math.min(this.width - 1, skipped + Number(this.skipped.includes(layer)));
        found.push([layer + 1, skipped]);
      }
      return found;
    }

    /** The cosine that the plan promises at the top. */
    top() {
      return this.cosine(this.layers, this.path()[this.layers][1]);
    }
  }

  DraftScope.Plan = Plan;
})(window.DraftScope = window.DraftScope || {});
