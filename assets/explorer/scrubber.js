// Playback: first, previous, play, next, last, a slider over the run, phase, speed, and back to live.
(function (DraftScope) {
  'use strict';

  const { el, strings, iconButton, say } = DraftScope;
  const ICONS = {
    first: ['M7 5v14', 'M18 5l-8 7 8 7z'], prev: ['M16 5l-8 7 8 7z'], play: ['M8 5l11 7-11 7z'],
    pause: ['M8 5v14', 'M16 5v14'], next: ['M8 5l8 7-8 7z'], last: ['M6 5l8 7-8 7z', 'M17 5v14'],
  };
  const SPEEDS = [0.25, 0.5, 1, 2, 4];

  class Scrubber {
    constructor(host) {
      this.host = host;
      this.buttons = {
        first: iconButton(strings.first, ICONS.first, () => host.goto(0)),
        prev: iconButton(strings.prev, ICONS.prev, () => host.goto(host.state.step - 1)),
        play: iconButton(strings.play, ICONS.play, () => host.play()),
        pause: iconButton(strings.pause, ICONS.pause, () => host.pause()),
        next: iconButton(strings.next, ICONS.next, () => host.advance()),
        last: iconButton(strings.last, ICONS.last, () => host.goto(Infinity)),
      };
      this.buttons.play.classList.add('ds-primary');
      this.buttons.pause.classList.add('ds-primary');
      this.map = new DraftScope.Minimap();
      this.slider = el('input', { type: 'range', class: 'ds-slider', min: 0, max: 0, step: 1, value: 0, 'aria-label': strings.slider });
      this.slider.addEventListener('input', () => host.goto(Number(this.slider.value)));
      this.live = el('button', { type: 'button', class: 'ds-button ds-live', title: strings.liveHint }, strings.live);
      this.live.addEventListener('click', () => host.follow());
      this.node = el('section', { class: 'ds-scrubber', role: 'group', 'aria-label': strings.controls },
        el('div', { class: 'ds-transport' }, ...Object.values(this.buttons)),
        el('div', { class: 'ds-track' }, this.map.node, this.slider),
        el('div', { class: 'ds-options' }, this._phases(), this._speed(), this.live, host.help.button));
    }

    _phases() {
      this.phases = Object.entries(strings.phases).map(([phase, name]) => {
        const button = el('button', { type: 'button', class: 'ds-phase', title: strings.phaseHints[phase] }, name);
        button.addEventListener('click', () => this.host.goto(this.host.state.step, phase));
        return [phase, button];
      });
      return el('div', { class: 'ds-phases', role: 'group', 'aria-label': strings.phaseLabel }, ...this.phases.map(([, button]) => button));
    }

    _speed() {
      const options = SPEEDS.map((speed) => el('option', { value: speed, selected: speed === 1 }, speed + '×'));
      this.speed = el('select', { class: 'ds-speed', 'aria-label': strings.speedLabel }, ...options);
      this.speed.addEventListener('change', () => this.host.setSpeed(Number(this.speed.value)));
      return this.speed;
    }

    draw(scene, state) {
      const empty = !scene || !scene.steps.length;
      const last = empty ? 0 : scene.last;
      this.slider.max = String(last);
      this.slider.value = String(state.step);
      this.slider.disabled = empty;
      this.slider.setAttribute('aria-valuetext', say(strings.stepOf, { step: state.step, last }));
      this.buttons.play.hidden = state.playing;
      this.buttons.pause.hidden = !state.playing;
      for (const [name, button] of Object.entries(this.buttons)) button.disabled = empty || this._atEnd(name, state, last);
      for (const [phase, button] of this.phases) {
        button.setAttribute('aria-pressed', String(phase === state.phase));
        button.disabled = empty;
      }
      const live = !empty && scene.live;
      this.live.hidden = !live;
      this.live.setAttribute('aria-pressed', String(live && state.following));
      this.map.draw(scene, state);
    }

    _atEnd(name, state, last) {
      if (name === 'first' || name === 'prev') return state.step === 0;
      return (name === 'next' || name === 'last') && state.step === last && state.phase === 'commit';
    }
  }

  Object.assign(DraftScope, { SPEEDS, ICONS });
  DraftScope.Scrubber = Scrubber;
})(window.DraftScope = window.DraftScope || {});
