// The columns of the heatmap: one for every slot in every lane, in the order they were first computed.
(function (DraftScope) {
  'use strict';

  const TARGET = 'target';
  const REHEARSAL = 'plan'; // tries layers one by one: what it leaves out is not skipped

  class Grid {
    constructor(head) {
      this.head = head;
      this.columns = [];
      this.firstOf = []; // step -> index of its first column
      this.lanes = new Set([TARGET]);
      this.left = false; // did a token leave early
      this._plan = []; // layers that drafting lanes leave out
      this._byKey = new Map();
    }

    numLayers(lane) {
      const draft = this.head.draft_model;
      return lane !== TARGET && draft ? draft.num_layers : this.head.model.num_layers;
    }

    add(step, index, fates) {
      this.firstOf.push(this.columns.length);
      for (const [lane, first, last, start, ranges] of step.blocks || []) {
        this.lanes.add(lane);
        if (index === 0) this._addPrefill(lane, first, last, ranges);
        else this._addBlock(index, lane, first, last, ranges, fates);
      }
      for (const look of step.looks || []) this._addLook(look);
      for (const [slot, layer, token, confidence, threshold, taken] of step.readouts || []) {
        const column = this._of(slot);
        if (!column) continue;
        if (!taken) column.looked = Math.max(column.looked, layer);
        else column.exit = { layer, token, confidence, threshold, step: index };
        this.left = this.left || taken;
      }
      for (const slot of step.rolled_back || []) {
        const column = this._of(slot);
        if (column) column.rolledBack = index;
      }
      const plans = step.plans || [];
      for (const [early, skipped] of plans) if (early) this._plan = skipped;
      for (let at = this.firstOf[index]; at < this.columns.length; at++) {
        if (!this.columns[at].isTarget) this.columns[at].skipped = this._plan;
      }
      if (plans.length) this._plan = plans[plans.length - 1][1];
    }

    _of(slot) {
      return this._byKey.get(TARGET + ' ' + slot);
    }

    _column(lane, slot, step, count) {
      const column = { lane, slot, step, count, isTarget: lane === TARGET, runs: [], looks: new Map(), fate: 'committed',
        exit: null, looked: 0, rolledBack: null, skipped: [], at: this.columns.length };
      this._byKey.set(lane + ' ' + slot, column);
      this.columns.push(column);
      return column;
    }

    /** The prompt is one column: its tokens all ran alike. */
    _addPrefill(lane, first, last, ranges) {
      const newest = ranges[ranges.length - 1];
      const count = ranges.reduce((sum, range) => sum + range[1], 0);
      const known = this.columns.find((column) => column.lane === lane);
      const column = known || this._column(lane, newest[0] + newest[1] - 1, 0, 0);
      this._byKey.set(lane + ' ' + (newest[0] + newest[1] - 1), column);
      if (!column.runs.some((run) => run[0] === first)) column.runs.push([first, last, 0, column]);
      if (first === 0) column.count += count;
    }

    _addBlock(index, lane, first, last, ranges, fates) {
      const run = [first, last, index, null]; // the newest slot leads: the others catch up in its call
      for (const [from, count] of ranges) {
        for (let slot = from; slot < from + count; slot++) {
          const column = this._byKey.get(lane + ' ' + slot) || this._column(lane, slot, index, 1);
          if (column.step === index && fates.has(slot)) column.fate = fates.get(slot)[4];
          if (column.runs[column.runs.length - 1] !== run) column.runs.push(run);
          run[3] = column;
        }
      }
    }

    _addLook([slot, firstLayer, digits, tops]) {
      const column = this._of(slot);
      if (!column) return;
      const tokens = tops.flatMap(([token, times]) => Array(times).fill(token));
      DraftScope.confidences(digits).forEach((confidence, at) => {
        column.looks.set(firstLayer + at - 1, { confidence, token: tokens[at] });
      });
    }

    /** While tokens leave early, layers above the last look wait for the verification. */
    _hidden(column, layer, early) {
      return this.left && column.step > 0 && layer >= early;
    }

    /** How many columns exist up to and with a step; while it drafts, the target has not run yet. */
    endOf(step, phase) {
      const end = step + 1 < this.firstOf.length ? this.firstOf[step + 1] : this.columns.length;
      if (phase !== 'draft') return end;
      for (let at = this.firstOf[step]; at < end; at++) if (this.columns[at].exit) return end; // drafted by the target itself
      let at = this.firstOf[step];
      while (at < end && !this.columns[at].isTarget) at += 1;
      return step === 0 ? 0 : at;
    }

    /** What a cell shows: 'ran', 'later', 'skipped' or null. `later` ran after its token had left, or in a later step. */
    cell(column, layer, { step, phase }) {
      let top = 0;
      const early = column.exit ? column.exit.layer : this.left ? column.looked : 0;
      for (const [first, last, ran, lead] of column.runs) {
        if (ran > step || (ran === step && phase === 'draft' && column.isTarget && this._hidden(column, layer, early))) continue;
        if (layer >= first && layer < last) {
          const later = ran > column.step || (column.exit && layer >= column.exit.layer);
          return { kind: later ? 'later' : 'ran', step: ran, lead, behind: lead.at - column.at };
        }
        top = Math.max(top, last);
      }
      if (column.lane === REHEARSAL) return null;
      return layer < top || column.skipped.includes(layer) ? { kind: 'skipped', step: column.step } : null;
    }
  }

  DraftScope.Grid = Grid;
})(window.DraftScope = window.DraftScope || {});
