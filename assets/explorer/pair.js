// Two runs side by side: an explorer each, moved together by committed tokens, with what differs marked.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count, duration, setText, countUpTo } = DraftScope;
  const PAUSE = 420; // milliseconds between commits, at 1x
  const UNKNOWN = '–';

  const fixed = (digits, unit = '') => (value) => (value === null ? UNKNOWN : value.toFixed(digits) + unit);
  const share = (value) => (value === null ? UNKNOWN : Math.round(value * 100) + ' %');
  const READINGS = {
    num_tokens: fixed(0), seconds: (value) => (value === null ? UNKNOWN : duration(value)), tokens_per_second: fixed(1),
    mean_acceptance_length: fixed(2), acceptance_rate: share, draft_acceptance_rate: share,
    layer_calls_per_token: fixed(1), passes_per_token: fixed(2), drafting_share: share,
  };

  /** How many tokens stand after each step. */
  const growing = (scene) => {
    let tokens = 0;
    return scene.steps.map((step) => (tokens += step.text.length));
  };

  /** The header fields of two runs: those that differ at once, the others folded away. */
  function fieldsTable(fields, names) {
    const row = ([name, ...values]) => el('tr', { class: values[0] === values[1] ? null : 'ds-differs-row' },
      el('th', { scope: 'row' }, strings.fields[name] || name.replace(/^knob\./, strings.knob + ' ')),
      ...values.map((value) => el('td', {}, value)));
    const table = (rows) => el('div', { class: 'ds-scrolls', tabindex: '0', role: 'region', 'aria-label': strings.pairFields },
      el('table', { class: 'ds-table' }, el('thead', {}, el('tr', {}, el('th', {}), ...names.map((name) => el('th', { scope: 'col' }, name)))),
        el('tbody', {}, ...rows.map(row))));
    const differ = fields.filter(([, one, other]) => one !== other);
    const same = fields.filter(([, one, other]) => one === other);
    return el('section', { class: 'ds-panel ds-fields' }, el('h3', { class: 'ds-title' }, count(strings.pairDiffer, differ.length)),
      differ.length ? table(differ) : null,
      el('details', { class: 'ds-fold' }, el('summary', {}, count(strings.pairAlike, same.length)), table(same)));
  }

  class Pair {
    constructor(element) {
      this.root = el('div', { class: 'ds-root ds-pair', tabindex: '-1' });
      element.replaceChildren(this.root);
      this.speed = 1;
      this.playing = false;
      this.sides = [];
      this.transport = new DraftScope.Transport(this, strings.pairSlider);
      this.transport.slider.step = '1';
      this.root.addEventListener('keydown', (event) => this._key(event), true);
      this._sizes = new ResizeObserver(() => this.root.classList.toggle('ds-narrow', this.root.clientWidth < 720));
      this._sizes.observe(this.root);
      this.root.appendChild(el('p', { class: 'ds-empty' }, strings.pairEmpty));
    }

    /** Show two runs, with all of both committed. */
    load(message) {
      this.pause();
      for (const side of this.sides) side.explorer.destroy();
      this.moving = true;
      this.message = message;
      this.sides = message.scenes.map((scene, at) => this._side(scene, message.names[at], at));
      this.last = Math.max(...this.sides.map((side) => side.tokens[side.tokens.length - 1]));
      this.moments = [...new Set(this.sides.flatMap((side) => side.tokens))].sort((one, other) => one - other);
      this._build();
      this.moving = false;
      this._show(message.at === null || !this._comparable() ? this.last : message.at + 1);
    }

    _side(scene, name, at) {
      const place = el('div', { class: 'ds-side-run' });
      const node = el('section', { class: 'ds-side', 'aria-label': name }, el('h3', { class: 'ds-side-name' }, name), place);
      const explorer = DraftScope.mount(place, { scene, onStep: ({ step, phase }) => this._follow(at, step, phase) });
      return { explorer, node, tokens: growing(explorer.scene) };
    }

    _comparable() { return this.message.same_prompt && !this.message.sampled; }

    _build() {
      const { message } = this;
      const methods = this.sides.map(({ explorer }) => explorer.scene.head.method.name);
      const short = methods[0] === methods[1] ? message.names : methods;
      this.values = Object.keys(READINGS).map((name) => ({ name, cells: [el('td', {}), el('td', {})] }));
      const rows = this.values.map(({ name, cells }) => el('tr', {}, el('th', { scope: 'row' }, strings.readings[name]), ...cells));
      const table = el('section', { class: 'ds-panel ds-readings' }, el('h3', { class: 'ds-title' }, strings.pairReadings),
        el('table', { class: 'ds-table' }, el('thead', {}, el('tr', {}, el('th', {}), ...short.map((name) => el('th', { scope: 'col' }, name)))),
          el('tbody', {}, ...rows)));
      this.root.replaceChildren(this._verdict(), el('div', { class: 'ds-pair-tables' }, fieldsTable(message.fields, short), table),
        el('div', { class: 'ds-sides' }, ...this.sides.map((side) => side.node)), this.transport.node);
      this._mark();
    }

    _verdict() {
      const { same_prompt: prompt, sampled, at } = this.message;
      const [text, kind] = !prompt ? [strings.pairOtherPrompt, 'drawn'] : sampled ? [strings.pairDrawn, 'drawn']
        : at === null ? [strings.pairSame, 'same'] : [say(strings.pairParts, { at }), 'other'];
      return el('p', { class: 'ds-verdict', role: 'status', 'data-kind': kind }, text);
    }

    /** The first token in which the texts differ, in both. */
    _mark() {
      const { at } = this.message;
      if (at === null || !this._comparable()) return;
      for (const side of this.sides) {
        const span = side.node.querySelectorAll('.ds-flow .ds-piece')[at];
        if (span) {
          span.classList.add('ds-differs');
          span.title = strings.pairHere;
        }
      }
    }

    // ---- moving ----------------------------------------------------------------------------------------------

    /** Both as they stand once so many tokens are committed. */
    seek(tokens) {
      if (!this.message) return;
      this.pause();
      this._show(tokens);
    }

    move(way) {
      const passed = countUpTo(this.moments, this.tokens);
      const stands = this.moments[passed - 1] === this.tokens;
      this.seek(this.moments[way > 0 ? passed : passed - 1 - Number(stands)] ?? way * Infinity);
    }

    play() {
      if (!this.message || this.playing) return;
      this.playing = true;
      const tick = () => {
        const next = this.moments[countUpTo(this.moments, this.tokens)];
        if (next === undefined) this.pause();
        else {
          this._show(next);
          this._timer = setTimeout(tick, PAUSE / this.speed);
        }
      };
      if (this.tokens >= this.last) this._show(1);
      this._timer = setTimeout(tick, PAUSE / this.speed);
      this._draw();
    }

    pause() {
      clearTimeout(this._timer);
      if (!this.playing) return;
      this.playing = false;
      this._draw();
    }

    /** One side was moved by itself (a token was chosen, say): the other comes along. */
    _follow(at, step) {
      if (this.moving) return;
      this.pause();
      this.tokens = this.sides[at].tokens[step];
      this._place(1 - at);
      this._draw();
    }

    _key(event) {
      if (this.message && this.transport.key(event)) event.stopPropagation();
    }

    _show(tokens) {
      this.tokens = Math.max(1, Math.min(Math.round(tokens), this.last));
      for (const at of [0, 1]) this._place(at);
      this._draw();
    }

    /** Put a side where at least so many tokens stand, or at its end. */
    _place(at) {
      const { explorer, tokens } = this.sides[at];
      this.moving = true;
      explorer.goto(Math.min(countUpTo(tokens, this.tokens - 1), tokens.length - 1), 'commit');
      this.moving = false;
    }

    _draw() {
      for (const { name, cells } of this.values) {
        const texts = this.sides.map(({ explorer }) => READINGS[name](explorer.scene.number(explorer.state.step, name)));
        cells.forEach((cell, at) => setText(cell, texts[at]));
        cells[0].parentElement.classList.toggle('ds-differs-row', texts[0] !== texts[1]);
      }
      const told = count(strings.tokens, this.tokens);
      this.transport.draw({ value: this.tokens, min: 1, max: this.last, playing: this.playing, text: told, spoken: told });
    }
  }

  /** Make the place of two runs inside an element; `load` gives it them. */
  DraftScope.mountPair = (element) => new Pair(element);
})(window.DraftScope = window.DraftScope || {});
