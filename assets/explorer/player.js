// Time: plays steps and their phases, one timer at most. What is shown is decided elsewhere.
(function (DraftScope) {
  'use strict';

  const PHASES = ['draft', 'verify', 'commit'];
  const MILLISECONDS = { draft: 200, verify: 220, commit: 180 }; // 600 a step at most, at 1x
  const PLAIN = 280; // a step without a draft

  class Player {
    /** `show(step, phase)` draws; `stepAt(index)` is the raw step. */
    constructor(show, stepAt) {
      this.show = show;
      this.stepAt = stepAt;
      this.speed = 1;
      this.moving = true;
      this._timer = null;
    }

    phasesOf(index) {
      const drafts = this.stepAt(index).nodes.some((node) => node[5] !== null);
      return drafts && this.moving ? PHASES : ['commit'];
    }

    /** Show a step phase by phase, then call `then`. Interrupts whatever was going on. */
    animate(index, then) {
      this.stop();
      const phases = this.phasesOf(index);
      const plain = phases.length === 1;
      const tick = (at) => {
        this.show(index, phases[at]);
        const pause = (plain ? (this.moving ? PLAIN : 600) : MILLISECONDS[phases[at]]) / this.speed;
        if (at + 1 < phases.length) this._timer = setTimeout(() => tick(at + 1), pause);
        else if (then) this._timer = setTimeout(then, pause);
        else this._timer = null;
      };
      tick(0);
    }

    get busy() { return this._timer !== null; }

    stop() {
      clearTimeout(this._timer);
      this._timer = null;
    }
  }

  DraftScope.PHASES = PHASES;
  DraftScope.Player = Player;
})(window.DraftScope = window.DraftScope || {});
