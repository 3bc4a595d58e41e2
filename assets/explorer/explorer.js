// The explorer: one state, which messages and the reader move. `DraftScope.mount` makes one.
(function (DraftScope) {
  'use strict';

  /** A message of our own: from its JSON, or a copy, since a sender may go on changing what it sent. */
  const received = (sent) => (typeof sent === 'string' ? JSON.parse(sent) : structuredClone(sent));

  const MANY = 3; // steps behind, beyond which the newest is shown at once

  class Explorer {
    constructor(element, options) {
      this.options = options || {};
      this.scene = null;
      this.state = { step: 0, phase: 'commit', slot: null, cell: null, playing: false, following: true, compact: false,
        zoom: 1, pan: 0, width: 600, treeWidth: 600, heatWidth: 600, mapWidth: 300, palette: null };
      this.player = new DraftScope.Player((step, phase) => this._show(step, phase, true), (index) => this.scene.steps[index]);
      this.stage = new DraftScope.Stage(element, this);
      this.keys = new DraftScope.Keys(this, this.stage.root);
      this._still = matchMedia('(prefers-reduced-motion: reduce)');
      if (this.options.scene) this.load(this.options.scene);
      else this._draw(false);
    }

    destroy() {
      this.player.stop();
      cancelAnimationFrame(this._frame);
      this.keys.destroy();
      this.stage.destroy();
    }

    // ---- messages ------------------------------------------------------------------------------------------

    /** Show a whole scene, or the first message of a run. */
    load(sent) {
      const message = received(sent);
      this._stop();
      this.scene = new DraftScope.Scene(message);
      Object.assign(this.state, { slot: null, cell: null, pan: 0 });
      this.state.following = this.scene.live;
      this._show(this.scene.live ? this.scene.last : this.scene.tellingStep(), 'commit', false);
      if (this.options.onRun) this.options.onRun(this.scene);
    }

    /** Take the next message of a run. False: it was not the next one, and `onGap` was called. */
    apply(sent) {
      const message = received(sent);
      if (message.head) {
        this.load(message);
        return true;
      }
      const expected = this.scene && this.scene.run === message.run ? this.scene.seq + 1 : null;
      if (expected !== null && message.seq < expected) return true; // seen already
      if (message.seq !== expected) {
        if (this.options.onGap) this.options.onGap({ run: message.run, expected, got: message.seq });
        return false;
      }
      this.scene.append(message);
      if (message.end && this.options.onRun) this.options.onRun(this.scene);
      if (this.state.following && message.steps && message.steps.length) this._followNewest();
      else this._schedule();
      return true;
    }

    /** Slow arrivals are acted out; fast ones are simply drawn. */
    _followNewest() {
      const now = performance.now();
      const slow = now - (this._arrived || 0) > 500;
      this._arrived = now;
      if (slow && this.scene.last > 0 && !this._still.matches) this._animate(this.scene.last);
      else {
        this.player.stop();
        this._schedule();
      }
    }

    /** The next step of a run that is followed: those that came together are seen one after the other, unless many wait. */
    _showNext() {
      const { last } = this.scene;
      if (!this.state.following || this.player.busy || this.state.step >= last) return;
      this._at(last - this.state.step > MANY ? last : this.state.step + 1, 'commit');
      if (this.state.step < last) this._schedule();
    }

    // ---- moving through the run ----------------------------------------------------------------------------

    /** Show a step, at a phase ('commit': all of it), at once. */
    goto(step, phase) {
      if (!this.scene) return;
      this._stop();
      this.state.following = false;
      this._show(step, phase || 'commit', false);
    }

    /** The next step, acted out; while one is being acted out, the rest of it at once. */
    advance() {
      if (!this.scene) return;
      const { step, phase } = this.state;
      const interrupted = this.player.busy && phase !== 'commit';
      this._stop();
      this.state.following = false;
      if (interrupted || step >= this.scene.last) this._show(step, 'commit', false);
      else this._animate(step + 1);
    }

    /** Play on from here; from the end, again from the beginning. */
    play() {
      if (!this.scene || !this.scene.steps.length) return;
      const { step, phase } = this.state;
      const whole = phase === 'commit';
      this.state.playing = true;
      this.state.following = false;
      this._playFrom(whole && step >= this.scene.last ? 0 : step + Number(whole));
    }

    _playFrom(index) {
      this._animate(index, () => {
        if (index >= this.scene.last) this.pause();
        else this._playFrom(index + 1);
      });
    }

    pause() {
      this._stop();
      this._draw(false);
    }

    /** Follow the newest step of a run in progress again. */
    follow() {
      if (!this.scene) return;
      this._stop();
      this.state.following = true;
      this._show(this.scene.last, 'commit', false);
    }

    setSpeed(speed) {
      this.player.speed = speed;
      this.stage.scrubber.speed.value = String(speed);
    }

    /** Choose a token everywhere; of another step, go there. Choosing it again lets go. */
    select(slot, step) {
      const index = step === undefined ? this.state.step : step;
      const again = index === this.state.step && this.state.slot === slot;
      if (index !== this.state.step) this.goto(index, 'commit');
      else if (this.player.busy) this._stop();
      this.state.slot = again ? null : slot;
      this._draw(false);
      if (this.options.onSelect) this.options.onSelect({ step: this.state.step, slot: this.state.slot });
    }

    /** Point at a cell of the heatmap, {at: column, layer}, or at none. */
    inspect(cell) {
      this.state.cell = cell;
      this._draw(false);
    }

    /** Which part of the run the timeline shows: how large, and how far back from the current step, in pixels. */
    view(zoom, pan) {
      Object.assign(this.state, { zoom, pan });
      this._draw(false);
    }

    _animate(index, then) {
      this.player.moving = !this._still.matches;
      this.player.animate(index, then);
    }

    _stop() {
      this.player.stop();
      this.state.playing = false;
    }

    _show(step, phase, moving) {
      this._at(Math.max(0, Math.min(step, this.scene.last)), phase);
      if (moving || !this.scene.live) this._draw(moving);
      else this._schedule();
    }

    _at(step, phase) {
      if (step !== this.state.step) Object.assign(this.state, { slot: null, cell: null, pan: 0 });
      Object.assign(this.state, { step, phase });
      if (this.options.onStep) this.options.onStep({ step, phase });
    }

    // ---- drawing -------------------------------------------------------------------------------------------

    /** Draw once before the next frame, however many messages come. */
    _schedule() {
      if (this._frame) return;
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._showNext();
        this.stage.drawLive();
      });
    }

    _draw(moving) {
      cancelAnimationFrame(this._frame);
      this._frame = 0;
      this.stage.draw(moving);
    }

    get drawMilliseconds() { return this.stage.milliseconds; }
  }

  /** Make an explorer inside an element. Options: scene, pageKeys, onGap({run, expected, got}), onSelect,
   *  onStep, onRun(scene): another run is shown, or the one shown has ended. */
  DraftScope.mount = (element, options) => new Explorer(element, options);
})(window.DraftScope = window.DraftScope || {});
