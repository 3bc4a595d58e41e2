// The explorer's keys: those pressed inside it and, where it owns the page, those pressed while nothing is focused.
(function (DraftScope) {
  'use strict';

  const { PHASES, SPEEDS } = DraftScope;

  class Keys {
    constructor(host, root) {
      this.host = host;
      root.addEventListener('keydown', (event) => this._key(event));
      this._anywhere = (event) => {
        if (event.target === document.body && root.offsetParent) this._key(event);
      };
      if (host.options.pageKeys) document.addEventListener('keydown', this._anywhere);
    }

    destroy() {
      document.removeEventListener('keydown', this._anywhere);
    }

    _key(event) {
      const { host } = this;
      const typing = event.target.closest('select, summary, textarea, dialog[open], input:not(.ds-slider)');
      if (typing || event.ctrlKey || event.metaKey || event.altKey || !host.scene) return;
      const { step } = host.state;
      const actions = {
        ArrowLeft: () => (event.shiftKey ? this._phase(-1) : host.goto(step - 1)),
        ArrowRight: () => (event.shiftKey ? this._phase(1) : host.advance()),
        Home: () => host.goto(0),
        End: () => host.goto(Infinity),
        ' ': () => (host.state.playing ? host.pause() : host.play()),
        '[': () => this._faster(-1),
        ']': () => this._faster(1),
        '?': () => host.help.open(),
      };
      const action = actions[event.key];
      if (!action || (event.key === ' ' && event.target.closest('button'))) return;
      event.preventDefault();
      action();
    }

    _faster(move) {
      const at = SPEEDS.indexOf(this.host.player.speed) + move;
      if (at >= 0 && at < SPEEDS.length) this.host.setSpeed(SPEEDS[at]);
    }

    _phase(move) {
      const { state, scene } = this.host;
      const at = state.step * PHASES.length + PHASES.indexOf(state.phase) + move;
      if (at < 0 || at >= scene.steps.length * PHASES.length) return;
      this.host.goto(Math.floor(at / PHASES.length), PHASES[at % PHASES.length]);
    }
  }

  DraftScope.Keys = Keys;
})(window.DraftScope = window.DraftScope || {});
