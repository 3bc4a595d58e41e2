// The columns of the heatmap: one for every slot in every lane, in the order they were first computed.
(function (DraftScope) {
  'use strict';

  const TARGET = 'target';

  class Grid {
    constructor(head) {
      this.head = head;
      this.columns = [];
      this.firstOf = []; // step -> index of its first column
      this.lanes = new Set([TARGET]);
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
        const column = taken && this._of(slot);
        if (column) column.exit = { layer, token, confidence, threshold, step: index };
      }
      for (const slot of step.rolled_back || []) {
        const column = this._of(slot);
        if (column) column.rolledBack = index;
      }
      if (step.skipped) {
        for (let at = this.firstOf[index]; at < this.columns.length; at++) {
          if (this.columns[at].lane !== TARGET) this.columns[at].skipped = step.skipped;
        }
      }
    }

    _of(slot) {
      return this._byKey.get(TARGET + ' ' + slot);
    }

    _column(lane, slot, step, count) {
      const column = { lane, slot, step, count, isTarget: lane === TARGET, runs: [], looks: new Map(), fate: 'committed',
        exit: null, rolledBack: null, skipped: [] };
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
      if (!column.runs.some((run) => run[0] === first)) column.runs.push([first, last, 0]);
      if (first === 0) column.count += count;
    }

    _addBlock(index, lane, first, last, ranges, fates) {
      for (const [from, count] of ranges) {
        for (let slot = from; slot < from + count; slot++) {
          const column = this._byKey.get(lane + ' ' + slot) || this._column(lane, slot, index, 1);
          if (column.step === index && fates.has(slot)) column.fate = fates.get(slot)[4];
          column.runs.push([first, last, index]);
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

    /** How many columns exist up to and with a step; while it drafts, the target has not run yet. */
    endOf(step, phase) {
      const end = step + 1 < this.firstOf.length ? this.firstOf[step + 1] : this.columns.length;
      if (phase !== 'draft') return end;
      let at = this.firstOf[step];
      while (at < end && !this.columns[at].isTarget) at += 1;
      return step === 0 ? 0 : at;
    }

    /** What a cell shows at a step: 'ran', 'later', 'skipped' or null. `later` ran after the column's own step. */
    cell(column, layer, step) {
      let top = 0;
      for (const [first, last, ran] of column.runs) {
        if (ran > step) continue;
        if (layer >= first && layer < last) return { kind: ran > column.step ? 'later' : 'ran', step: ran };
        top = Math.max(top, last);
      }
      return layer < top || column.skipped.includes(layer) ? { kind: 'skipped', step: column.step } : null;
    }
  }

  DraftScope.Grid = Grid;
})(window.DraftScope = window.DraftScope || {});
