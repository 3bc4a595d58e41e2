// The Tune tab's upper half: knobs, what they would have come to, and a curve over the one that is turned.
(function (DraftScope) {
  'use strict';

  const { el, say, setText, strings, tuneWords: words, whatif, Knobs, Curve } = DraftScope;
  const POINTS = 43; // of a curve: every 0.025 of a threshold
  const SLICE = 6; // milliseconds of curve worked out in one frame

  const fixed = (value, digits) => (value === null ? '–' : value.toFixed(digits));
  const times = (value) => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 1) + '×');
  const plain = (value) => (Number.isInteger(value) ? String(value) : '≈ ' + value.toFixed(0));

  /** [name, value of an outcome as text, the recorded run's own as text] of each counter. */
  const COUNTERS = [
    ['speedup', (outcome) => times(outcome.speedup), (of) => (of.speedup ? times(of.speedup.value) + ', ' + strings[of.speedup.kind] : '–')],
    ['calls', (outcome) => fixed(outcome.callsPerToken, 1), (of) => fixed(of.layer_calls_per_token, 1)],
    ['perStep', (outcome) => fixed(outcome.tokens / Math.max(outcome.steps, 1), 2), (of) => fixed(of.mean_acceptance_length, 2)],
    ['drafted', (outcome) => plain(outcome.drafted), (of) => plain(of.num_draft_tokens)],
    ['takenBack', (outcome) => plain(outcome.takenBack), (of) => plain(of.num_draft_tokens - of.num_accepted_tokens)],
  ];

  /** What the recorded run itself came to. */
  function recordedOf(scene) {
    const names = ['layer_calls_per_token', 'mean_acceptance_length', 'num_draft_tokens', 'num_accepted_tokens'];
    const numbers = Object.fromEntries(names.map((name) => [name, scene.number(scene.last, name)]));
    return { ...numbers, speedup: scene.speedup(scene.last) };
  }

  class Tuner {
    constructor(element) {
      this.root = el('div', { class: 'ds-root ds-tune' });
      element.replaceChildren(this.root);
      this.width = 600;
      this._sizes = new ResizeObserver(() => this._measure());
      this._sizes.observe(this.root);
      this._unlisten = DraftScope.current.listen((scene) => this.show(scene));
      if (!DraftScope.current.scene) this.show(null);
    }

    destroy() {
      this._sizes.disconnect();
      this._unlisten();
      cancelAnimationFrame(this._frame);
      this.root.remove();
    }

    /** Start anew with the run of this scene. */
    show(scene) {
      cancelAnimationFrame(this._frame);
      this.curveOf = this.points = null; // of the run before, or begun and broken off just now
      this.facts = scene && scene.end ? scene.end.whatif : null;
      this.scene = scene;
      if (this.facts && !this.facts.refusal) this._build();
      else this.root.replaceChildren(this._panel('', el('p', { class: 'ds-empty' }, this._silence())));
    }

    _silence() {
      if (this.facts) return say(words.cannot, { why: this.facts.refusal }) + ' ' + words.cannotNext;
      return this.scene && this.scene.live ? words.running : words.empty;
    }

    _panel(about, ...children) {
      return el('section', { class: 'ds-panel ds-panel-tune' },
        el('header', { class: 'ds-head' }, el('h3', { class: 'ds-title' }, words.title), el('span', { class: 'ds-about' }, about)), ...children);
    }

    _build() {
      const { facts, scene } = this;
      this.recorded = recordedOf(scene);
      this.knobs = new Knobs(facts, (name) => this._turned(name));
      this.knobs.take(DraftScope.current.knobs);
      this.axis = facts.turns.find(([, kind]) => kind === 'number')[0];
      this.cells = COUNTERS.map(([name]) => this._cell(name));
      this.kind = this._cell('kind');
      this.why = el('p', { class: 'ds-why ds-tune-why', 'aria-live': 'polite' });
      const onPick = (value) => this._pick(value);
      this.curves = [
        new Curve({ of: 'speedup', unit: '×', digits: 2, height: 170, onPick }),
        new Curve({ of: 'callsPerToken', unit: '', digits: 1, height: 170, onPick }),
      ];
      const reset = el('button', { type: 'button', class: 'ds-button ds-reset' }, words.reset);
      reset.addEventListener('click', () => {
        this.knobs.reset();
        this._turned(this.axis);
      });
      this.root.dataset.method = scene.head.method.name;
      const about = say(words.about, { method: scene.head.method.name, model: scene.head.model.name, tokens: facts.tokens + 1 });
      this.root.replaceChildren(this._panel(about,
        el('div', { class: 'ds-tune-grid' },
          el('div', { class: 'ds-tune-counters' }, ...this.cells.map((cell) => cell.node), this.kind.node),
          el('div', { class: 'ds-tune-knobs' }, this.knobs.node, reset),
          el('div', { class: 'ds-tune-found' }, this.why, el('div', { class: 'ds-curves' }, ...this.curves.map((curve) => curve.node)), key()))));
      this._measure();
      this._turned(this.axis);
    }

    _cell(name) {
      const [value, label, note] = ['ds-value', 'ds-name', 'ds-kind'].map((part) => el('span', { class: part }));
      return { value, label, note, node: el('div', { class: 'ds-counter', 'data-counter': name }, value, label, note) };
    }

    // ---- answering -----------------------------------------------------------------------------------------

    /** A knob was turned: paint what it comes to at once; the curve follows where it changed. */
    _turned(name) {
      const began = performance.now();
      const { kind } = this._turn(name);
      if (kind === 'number' || kind === 'whole') this.axis = name;
      const { asked } = this.knobs;
      DraftScope.current.knobs = this.knobs.turned;
      this.outcome = whatif(this.facts, asked);
      this._paint();
      const others = JSON.stringify({ ...asked, [this.axis]: this.axis });
      if (others !== this.curveOf) this._startCurve(asked, others);
      else this._mark();
      this.milliseconds = performance.now() - began;
    }

    _turn(name) {
      const [, kind, low, high] = this.facts.turns.find(([known]) => known === name);
      return { kind, low, high };
    }

    _pick(value) {
      const { kind, low, high } = this._turn(this.axis);
      const bounded = Math.max(low, Math.min(high, value));
      this.knobs.named(this.axis).set(kind === 'whole' ? Math.round(bounded) : Number(bounded.toFixed(2)));
      this._turned(this.axis);
    }

    _paint() {
      const { outcome, recorded, facts } = this;
      COUNTERS.forEach(([name, shown, was], at) => {
        const slower = name === 'speedup' && outcome.speedup !== null && outcome.speedup < 1;
        setText(this.cells[at].value, shown(outcome));
        setText(this.cells[at].label, words.counters[slower ? 'slower' : name]);
        setText(this.cells[at].note, say(words.counterNote, { value: was(recorded) }));
      });
      setText(this.kind.value, words.kinds[outcome.kind]);
      this.kind.value.classList.add('ds-word');
      setText(this.kind.label, words.kindLabel);
      setText(this.kind.note, words.kindNotes[outcome.kind]);
      this.kind.node.classList.toggle('ds-good', outcome.kind === 'exact');
      const device = this.scene.head.model.device;
      setText(this.why, (outcome.own ? words.own : words.why[facts.method][outcome.kind]) + ' ' + (facts.calibration ? say(words.speedNote, { device }) : words.noSpeed));
    }

    // ---- the curve -----------------------------------------------------------------------------------------

    /** Work the curve out over the whole range of the knob, a few milliseconds in each frame. */
    _startCurve(asked, others) {
      cancelAnimationFrame(this._frame);
      this.curveOf = others;
      const { kind, low, high } = this._turn(this.axis);
      const count = kind === 'whole' ? high - low + 1 : POINTS;
      const at = (number) => (kind === 'whole' ? low + number : Number((low + number * (high - low) / (count - 1)).toFixed(6)));
      const points = [];
      const more = () => {
        const began = performance.now();
        while (points.length < count && performance.now() - began < SLICE) {
          const value = at(points.length);
          points.push({ at: value, outcome: whatif(this.facts, { ...asked, [this.axis]: value }) });
        }
        this.points = points;
        this._drawCurves();
        if (points.length < count) this._frame = requestAnimationFrame(more);
      };
      this._frame = requestAnimationFrame(more);
    }

    _drawCurves() {
      if (!this.points || !this.curveWidth) return; // `_measure` draws them once the tab is shown
      const { low, high } = this._turn(this.axis);
      const knob = words.names[this.axis];
      const alone = [1, this.facts.layers];
      const titles = [say(words.speedCurve, { knob }), say(words.callsCurve, { knob })];
      this.curves.forEach((curve, at) => {
        curve.title = titles[at];
        curve.draw({ points: this.points, alone: alone[at], range: [low, high], width: this.curveWidth, recorded: this.facts.knobs[this.axis] });
      });
      this.curves[0].node.toggleAttribute('hidden', !this.facts.calibration);
      this._mark();
    }

    _mark() {
      const at = this.knobs.asked[this.axis];
      for (const curve of this.curves) {
        const value = fixed(this.outcome[curve.of], curve.digits) + curve.unit;
        curve.mark(at, this.outcome, say(words.curveLabel, { title: curve.title || '', at, value, recorded: this.facts.knobs[this.axis] }));
      }
    }

    _measure() {
      const width = this.root.clientWidth;
      if (!width) return; // the tab is not shown
      const kind = width >= 960 ? 'wide' : width >= 640 ? 'medium' : 'narrow';
      this.root.className = 'ds-root ds-tune ds-' + kind;
      if (!this.curves || !this.curves[0].node.isConnected) return;
      const room = this.curves[1].node.parentElement.clientWidth;
      const each = kind === 'narrow' ? room : (room - 20) / 2;
      if (Math.abs(each - this.curveWidth) < 1) return;
      this.curveWidth = Math.max(200, Math.floor(each));
      this._drawCurves();
    }
  }

  function key() {
    const marks = ['ds-line-exact', 'ds-line-estimate', 'ds-alone', 'ds-was', 'ds-chosen'];
    return el('ul', { class: 'ds-legend ds-curve-key', 'aria-label': strings.legendTitle }, ...marks.map((kind, at) => el('li', {},
      DraftScope.svg('svg', { width: 26, height: 12, 'aria-hidden': 'true' }, DraftScope.svg('path', { class: kind, d: 'M1 6H25' })), words.curveKey[at])));
  }

  /** Make the tuner inside an element; it follows DraftScope.current. */
  DraftScope.mountTuner = (element) => new Tuner(element);
})(window.DraftScope = window.DraftScope || {});
