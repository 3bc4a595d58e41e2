// The run that the page is about: the explorer shows it, other tabs listen.
(function (DraftScope) {
  'use strict';

  class Current {
    constructor() {
      this.scene = null;
      this._listeners = new Set();
    }

    /** This scene is shown now, or has just ended. */
    show(scene) {
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
