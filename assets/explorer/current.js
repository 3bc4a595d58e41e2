// The run that the page is about: the explorer shows it, other tabs listen.
(function (DraftScope) {
  'use strict';

  class Current {
    constructor() {
      this.scene = null;
      this.knobs = {}; // those that the Tune tab has turned away from what was recorded
      this._listeners = new Set();
    }

    /** This scene is shown now, or has just ended. */
    show(scene) {
      if (scene !== this.scene) this.knobs = {};
      this._tell(scene);
    }

    /** Turn the knobs of the run that is shown, as far as it has them. */
    turn(knobs) {
      this.knobs = knobs;
      if (this.scene) this._tell(this.scene);
    }

    _tell(scene) {
      this.scene = scene;
      for (const listener of this._listeners) listener(scene);
    }

    /** Call `listener(scene)` now, where there is one, and at every change; returns how to stop. */
    listen(listener) {
      this._listeners.add(listener);
      if (this.scene) listener(this.scene);
      return () => this._listeners.delete(listener);
    }
  }

  DraftScope.current = new Current();
})(window.DraftScope = window.DraftScope || {});
