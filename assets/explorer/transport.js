// Play, pause, to and fro, a slider and a speed, for pictures that share one clock. It keeps nothing but its buttons.
(function (DraftScope) {
  'use strict';

  const { el, strings, iconButton, ICONS, setText } = DraftScope;
  const SPEEDS = [0.25, 0.5, 1, 2, 4];

  class Transport {
    /** `host` has play(), pause(), seek(value), move(-1 or 1), and speed. `label` names the slider. */
    constructor(host, label) {
      this.host = host;
      this.buttons = {
        first: iconButton(strings.toStart, ICONS.first, () => host.seek(-Infinity)),
        prev: iconButton(strings.back, ICONS.prev, () => host.move(-1)),
        play: iconButton(strings.play, ICONS.play, () => host.play()),
        pause: iconButton(strings.pause, ICONS.pause, () => host.pause()),
        next: iconButton(strings.forward, ICONS.next, () => host.move(1)),
        last: iconButton(strings.toEnd, ICONS.last, () => host.seek(Infinity)),
      };
      this.buttons.play.classList.add('ds-primary');
      this.buttons.pause.classList.add('ds-primary');
      this.slider = el('input', { type: 'range', class: 'ds-slider', min: 0, max: 0, step: 'any', value: 0, 'aria-label': label });
      this.slider.addEventListener('input', () => host.seek(Number(this.slider.value)));
      this.readout = el('output', { class: 'ds-clock', 'aria-live': 'off' });
      this.node = el('section', { class: 'ds-scrubber ds-shared', role: 'group', 'aria-label': strings.controls, title: strings.raceKeys },
        el('div', { class: 'ds-transport' }, ...Object.values(this.buttons)),
        el('div', { class: 'ds-track' }, this.slider),
        el('div', { class: 'ds-options' }, this.readout, this._speed()));
    }

    _speed() {
      const options = SPEEDS.map((speed) => el('option', { value: speed, selected: speed === 1 }, speed + '×'));
      const select = el('select', { class: 'ds-speed', 'aria-label': strings.speedLabel }, ...options);
      select.addEventListener('change', () => { this.host.speed = Number(select.value); });
      return select;
    }

    /** `text` says where the clock stands, short; `spoken` says it to a reader of the slider. */
    draw({ value, min, max, playing, text, spoken }) {
      this.slider.min = String(min);
      this.slider.max = String(max);
      this.slider.value = String(value);
      this.slider.setAttribute('aria-valuetext', spoken);
      setText(this.readout, text);
      const { first, prev, play, pause, next, last } = this.buttons;
      const hadFocus = document.activeElement === play || document.activeElement === pause;
      play.hidden = playing;
      pause.hidden = !playing;
      if (hadFocus) (playing ? pause : play).focus();
      first.disabled = prev.disabled = value <= min;
      next.disabled = last.disabled = value >= max;
    }

    /** Acts on the keys of playback; true where it did. */
    key(event) {
      if (event.target.closest('select, summary, textarea, input:not(.ds-slider)')) return false;
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.key === ' ' && event.target.closest('button')) return false;
      const { host } = this;
      const actions = { ArrowLeft: () => host.move(-1), ArrowRight: () => host.move(1), Home: () => host.seek(-Infinity),
        End: () => host.seek(Infinity), ' ': () => (host.playing ? host.pause() : host.play()) };
      const action = actions[event.key];
      if (!action) return false;
      event.preventDefault();
      action();
      return true;
    }
  }

  DraftScope.Transport = Transport;
})(window.DraftScope = window.DraftScope || {});
