// A race: lanes replayed together on one clock. What is shown is a function of (race, seconds on the clock).
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count, duration, setText } = DraftScope;
  const NARROW = 640; // narrower: a lane's figures stand over its text

  class Race {
    constructor(element) {
      this.root = el('div', { class: 'ds-root ds-race', tabindex: '-1' });
      element.replaceChildren(this.root);
      this.seconds = 0;
      this.playing = false;
      this.speed = 1;
      this.transport = new DraftScope.Transport(this, strings.raceClock);
      this.root.addEventListener('keydown', (event) => this.race && this.transport.key(event));
      this._still = matchMedia('(prefers-reduced-motion: reduce)');
      this._sizes = new ResizeObserver(() => this.root.classList.toggle('ds-narrow', this.root.clientWidth < NARROW));
      this._sizes.observe(this.root);
      this._empty();
    }

    destroy() {
      this.pause();
      this._sizes.disconnect();
      this.root.remove();
    }

    _empty() {
      this.race = null;
      this.root.replaceChildren(el('p', { class: 'ds-empty' }, strings.raceEmpty));
    }

    /** Show a race at the moment its first lane finishes; where `play` is asked, bring it into view and run it. */
    load(message) {
      this.pause();
      this.race = message;
      this.clocks = message.lanes.map((lane) => new DraftScope.LaneClock(lane.steps));
      this.order = DraftScope.finishOrder(this.clocks);
      this.end = Math.max(...this.clocks.map((clock) => clock.total));
      this.moments = DraftScope.moments(this.clocks);
      this._build();
      this.untouched = true;
      this._show(this.clocks[this.order[0]].total);
      if (!message.play) return;
      this.root.scrollIntoView({ block: 'start' });
      if (!this._still.matches) this.play();
    }

    _build() {
      const { race } = this;
      this.lanes = race.lanes.map((lane, at) => new DraftScope.RaceLane(lane, this.clocks[at], this.order.indexOf(at) + 1));
      this.verdict = el('p', { class: 'ds-verdict', role: 'status' });
      this.root.replaceChildren(
        el('div', { class: 'ds-race-head' },
          race.title ? el('h2', { class: 'ds-race-title' }, race.title) : null,
          el('details', { class: 'ds-fold' }, el('summary', {}, strings.promptLabel), el('p', { class: 'ds-prompt' }, race.prompt)),
          el('p', { class: 'ds-note' }, this._about())),
        ...this.lanes.map((lane) => lane.node), this.verdict, DraftScope.raceTable(race.lanes, this.order), this.transport.node);
    }

    _about() {
      const { device, dtype, threads, name } = this.race.lanes[0].head.model;
      const where = device.startsWith('cpu') ? [device, dtype, count(strings.threads, threads)] : [device, dtype];
      const rounds = this.race.rounds > 1 ? ' ' + say(strings.raceRounds, { rounds: count(strings.rounds, this.race.rounds) }) : '';
      return say(strings.raceAbout, { model: name, where: where.join(', ') }) + rounds + ' ' + strings.raceStart;
    }

    // ---- moving ----------------------------------------------------------------------------------------------

    /** Put the clock somewhere, at once. */
    seek(seconds) {
      if (!this.race) return;
      this.pause();
      this.untouched = false;
      this._show(seconds);
    }

    /** To the moment before or after at which some lane committed. */
    move(way) {
      const passed = DraftScope.countUpTo(this.moments, this.seconds);
      const stands = this.moments[passed - 1] === this.seconds;
      this.seek(this.moments[way > 0 ? passed : passed - 1 - Number(stands)] ?? way * Infinity);
    }

    /** Run on from here; from the end, and after opening, from the start. */
    play() {
      if (!this.race || this.playing) return;
      if (this.untouched || this.seconds >= this.end) this.seconds = 0;
      this.untouched = false;
      this.playing = true;
      let before = performance.now();
      const tick = (now) => {
        const seconds = this.seconds + Math.max(0, now - before) / 1000 * this.speed;
        before = now;
        if (seconds >= this.end) this.playing = false;
        else this._frame = requestAnimationFrame(tick);
        this._show(seconds);
      };
      this._frame = requestAnimationFrame(tick);
      this._show(this.seconds);
    }

    pause() {
      cancelAnimationFrame(this._frame);
      if (!this.playing) return;
      this.playing = false;
      this._show(this.seconds);
    }

    // ---- drawing ---------------------------------------------------------------------------------------------

    _show(seconds) {
      this.seconds = Math.max(0, Math.min(seconds, this.end));
      for (const lane of this.lanes) lane.draw(this.seconds);
      const finished = this.seconds >= this.end;
      const { text, kind } = finished ? DraftScope.raceVerdict(this.race) : { text: strings.raceNotYet, kind: 'waiting' };
      setText(this.verdict, text);
      this.verdict.setAttribute('data-kind', kind);
      const clock = say(strings.raceOf, { now: this.seconds.toFixed(2), end: this.end.toFixed(2) });
      this.transport.draw({ value: this.seconds, min: 0, max: this.end, playing: this.playing, text: clock,
        spoken: duration(this.seconds) });
    }
  }

  /** Make the place of a race inside an element; `load` gives it one. */
  DraftScope.mountRace = (element) => new Race(element);
})(window.DraftScope = window.DraftScope || {});
