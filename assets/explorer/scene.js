// A run as the pictures need it: messages in, steps, tokens, text pieces and heatmap columns out.
(function (DraftScope) {
  'use strict';

  const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const DIGIT = new Map(Array.from(DIGITS, (character, value) => [character, value]));

  class Scene {
    constructor(message) {
      this.run = message.run;
      this.head = message.head;
      this.seq = message.seq;
      this.end = null;
      this.prompt = '';
      this.steps = [];
      this.labels = new Map(); // token -> its text
      this.stepOf = new Map(); // slot -> index of the step that introduced it
      this.pieces = []; // committed tokens as text, in order
      this.grid = new DraftScope.Grid(message.head);
      this.lanes = 0; // the most lanes that a step's tree takes, less one
      this.plans = []; // every skip plan, in order
      this.learns = false; // some step changed ADED's matrix
      this.sources = []; // texts that matches were looked for in
      this.most = { looks: 0, searched: 0, drafts: 0 }; // of any step: so much room its picture needs
      this._shown = new Map(); // step -> decoded, the newest few
      this.append(message);
    }

    /** Add what a message holds; the caller has checked its number. */
    append(message) {
      this.seq = message.seq;
      for (const step of message.steps || []) this._add(step);
      if (message.end) this.end = message.end;
    }

    get live() { return !this.end; }
    get last() { return this.steps.length - 1; }

    label(token) {
      const text = this.labels.get(token);
      return text === undefined ? '⟨' + token + '⟩' : text;
    }

    /** The token in a slot, or null where the run has not said. */
    tokenOf(slot) {
      const index = this.stepOf.get(slot);
      const node = index === undefined ? null : this.steps[index].nodes.find((known) => known[0] === slot);
      return node ? node[2] : null;
    }

    /** What stands under a heatmap column: its token; nothing under the prompt's. */
    columnLabel(column) {
      return column.count > 1 ? '' : this.slotLabel(column.slot);
    }

    _add(step) {
      const index = this.steps.length;
      this.steps.push(step);
      if (step.prompt !== undefined) this.prompt = step.prompt;
      for (const [token, text] of Object.entries(step.labels || {})) this.labels.set(Number(token), text);
      const fates = new Map();
      step.nodes.forEach((node, at) => {
        if (at || index === 0) this.stepOf.set(node[0], index);
        fates.set(node[0], node);
        this.lanes = Math.max(this.lanes, node[3]);
      });
      step.firstPiece = this.pieces.length;
      step.calls = (step.blocks || []).reduce((sum, block) => sum + block[2] - block[1], 0);
      step.spent = this._spent(step, index);
      for (const [slot, text] of step.text) {
        const node = fates.get(slot);
        this.pieces.push({ slot, text, step: index, origin: node ? node[4] : 'plain', token: node ? node[2] : null });
      }
      this._note(step, index);
      this.grid.add(step, index, fates);
    }

    /** Seconds of each kind up to and with a step, the prompt left out. */
    _spent(step, index) {
      if (index < 2) return index ? step.seconds : [0, 0, 0, 0];
      return this.steps[index - 1].spent.map((seconds, kind) => seconds + step.seconds[kind]);
    }

    /** What the method panel wants to know of the whole run. */
    _note(step, index) {
      const { most } = this;
      most.looks = Math.max(most.looks, (step.readouts || []).length);
      this.learns = this.learns || Boolean(step.learned);
      most.searched = Math.max(most.searched, step.search ? step.search[2].length : 0);
      most.drafts = Math.max(most.drafts, step.nodes.filter((node) => node[5] !== null).length);
      for (const plan of step.plans || []) this.plans.push(new DraftScope.Plan(plan, index, this.head.model.num_layers));
      for (const [source] of step.matches || []) if (!this.sources.includes(source) && this.sources.length < 4) this.sources.push(source);
    }

    /** The token in a slot, as it is shown. */
    slotLabel(slot) {
      const token = this.tokenOf(slot);
      return token === null ? '' : this.label(token);
    }

    /** The confidence below which drafting stops, where the method has such a knob. */
    get exitLine() {
      const line = this.head.method.knobs.draft_exit;
      return typeof line === 'number' ? line : null;
    }

    /** The step with its nodes as objects, by slot and in drafting order. */
    step(index) {
      const known = this._shown.get(index);
      if (known) return known;
      const decoded = this._decode(this.steps[index]);
      this._shown.set(index, decoded);
      if (this._shown.size > 32) this._shown.delete(this._shown.keys().next().value);
      return decoded;
    }

    _decode(step) {
      const bySlot = new Map();
      const nodes = step.nodes.map(([slot, parent, token, lane, fate, draftProb, source], order) => {
        const above = bySlot.get(parent);
        const node = { slot, parent, token, lane, fate, draftProb, source, order, label: this.label(token),
          depth: above ? above.depth + 1 : 0, children: [], verdict: null, residual: null };
        if (above) above.children.push(node);
        bySlot.set(slot, node);
        return node;
      });
      for (const [slot, rule, targetProb, acceptProb, draw, accepted] of step.verdicts || []) {
        bySlot.get(slot).verdict = { rule, targetProb, acceptProb, draw, accepted };
      }
      for (const [slot, tokens, probs] of step.residuals || []) bySlot.get(slot).residual = { tokens, probs };
      for (const slot of step.rolled_back || []) if (bySlot.has(slot)) bySlot.get(slot).rolledBack = true;
      this._count(step, nodes);
      return { ...step, nodes, bySlot, drafted: nodes.filter((node) => node.draftProb !== null),
        kept: nodes.filter((node) => node.draftProb !== null && node.fate === 'accepted').length };
    }

    /** SuffixDecoding's counts: how often each guess followed the match, of the times the match was seen. */
    _count(step, nodes) {
      const match = this.head.method.name === 'suffix' && (step.matches || []).find((one) => one[4]);
      if (!match) return;
      const share = new Map([[nodes[0].slot, 1]]);
      for (const node of nodes) {
        if (node.draftProb === null || node.source !== match[0]) continue;
        share.set(node.slot, share.get(node.parent) * node.draftProb);
        node.seen = { count: Math.round(share.get(node.slot) * match[2]), times: match[2] };
      }
    }

    /** A counter up to a step, or null where it is not defined. */
    number(index, name) {
      const at = this.head.counters.indexOf(name);
      return at < 0 || index < 0 ? null : this.steps[index].numbers[at];
    }

    /** Tokens a second of one step by itself; null for the prompt, whose time is not counted. */
    rateOf(index) {
      const [draft, verify, other] = index > 0 ? this.steps[index].seconds : [0, 0, 0];
      const seconds = draft + verify + other;
      return seconds > 0 ? this.steps[index].text.length / seconds : null;
    }

    /** {value, kind} of the speed-up up to a step, or null: measured where the run holds a baseline. */
    speedup(index) {
      return this.speedupMeasured(index) || this.speedupModelled(index);
    }

    speedupMeasured(index) {
      const rate = this.number(index, 'tokens_per_second');
      const baseline = this.end && this.end.baseline;
      if (rate === null || !baseline || !baseline.num_tokens) return null;
      return { value: this._possible(index, rate * baseline.seconds / baseline.num_tokens), kind: 'measured' };
    }

    /** Is this a run of the model alone, with which others are compared? */
    get isReference() {
      return this.head.method.name === 'autoregressive';
    }

    /** A ratio of two timings without what can only be their noise: accel/metrics.py. */
    _possible(index, speedup) {
      if (this.isReference) return 1;
      const passes = this.number(index, 'passes_per_token');
      return passes ? Math.min(speedup, 1 / passes) : speedup;
    }

    speedupModelled(index) {
      const value = this.number(index, 'speedup_modelled');
      return value === null ? null : { value, kind: 'modelled' };
    }

    /** The step that shows most: many drafts kept and some lost. */
    tellingStep() {
      let best = 0;
      let most = -1;
      this.steps.forEach((step, index) => {
        const fates = step.nodes.map((node) => node[4]);
        const kept = fates.filter((fate) => fate === 'accepted').length;
        const lost = fates.some((fate) => fate === 'rejected');
        const late = Math.min(index, this.steps.length * 0.75) / this.steps.length;
        const worth = Math.min(kept, 6) + (lost && kept ? 3 : 0) + Math.min(fates.length, 12) / 12 + 4 * late;
        if (worth > most) [best, most] = [index, worth];
      });
      return best;
    }
  }

  /** Confidences from two base64 digits each, 0..1. */
  DraftScope.confidences = function confidences(digits) {
    const found = [];
    for (let at = 0; at + 1 < digits.length; at += 2) {
      found.push((DIGIT.get(digits[at]) * 64 + DIGIT.get(digits[at + 1])) / 4095);
    }
    return found;
  };

  DraftScope.Scene = Scene;
})(window.DraftScope = window.DraftScope || {});
