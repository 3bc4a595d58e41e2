// Two small charts that the methods share: columns over a row of numbers, and rows measured against a line.
(function (DraftScope) {
  'use strict';

  const { el, svg, shown } = DraftScope;
  const BASE = 32; // room below the columns: their numbers, the axis
  const WIDEST = 44; // of a column and the gap beside it
  const HEAD = 16; // room above: the value of the column

  /** Columns. `bars`: [{at, parts: [[value, class]], text, marked, hint}], `at` from `first` to `last`. */
  DraftScope.columnChart = function columnChart({ bars, first, last, most, width, height, label, axis }) {
    const left = 4;
    const pitch = Math.min(WIDEST, (width - left) / (last - first + 1));
    const end = left + pitch * (last - first + 1);
    const wide = Math.max(2, Math.min(26, pitch - 3));
    const floor = height - BASE;
    const unit = (floor - HEAD) / (most || 1);
    const every = Math.ceil(22 / pitch);
    const centre = (at) => left + (at - first + 0.5) * pitch;
    const columns = bars.map((bar) => {
      let top = floor;
      const rects = bar.parts.map(([value, kind]) => {
        const high = value > 0 ? Math.max(1.5, value * unit) : 0;
        top -= high;
        return svg('rect', { class: 'ds-bar ' + kind, x: -wide / 2, y: top, width: wide, height: high });
      });
      return svg('g', { class: 'ds-column' + (bar.marked ? ' ds-marked' : ''), transform: 'translate(' + centre(bar.at) + ' 0)' },
        svg('title', {}, bar.hint), svg('rect', { class: 'ds-hit', x: -pitch / 2, y: 0, width: pitch, height: floor }),
        ...rects, bar.text ? svg('text', { class: 'ds-tick', y: top - 5 }, bar.text) : null);
    });
    const ticks = [];
    for (let at = first; at <= last; at += every) ticks.push(svg('text', { class: 'ds-tick', x: centre(at), y: floor + 14 }, at));
    return svg('svg', { class: 'ds-columns', width, height, viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': label },
      svg('path', { class: 'ds-floor', d: 'M' + left + ' ' + (floor + 0.5) + 'H' + end }), ...ticks, ...columns,
      axis ? svg('text', { class: 'ds-tick ds-axis', x: left, y: height - 2 }, axis) : null);
  };

  /** Rows of a name, a bar from 0 to 1 with a line across, and words. `rows`: [{label, note, value, line, kind, text, slot}]. */
  DraftScope.levels = function levels(rows, selected) {
    return el('ul', { class: 'ds-levels' + (rows.some((row) => row.note) ? '' : ' ds-noteless'), role: 'list' }, ...rows.map((row) => {
      const percent = (value) => Math.max(0, Math.min(100, value * 100)).toFixed(2) + '%';
      return el('li', { class: 'ds-level' + (row.slot === selected ? ' ds-selected' : ''), 'data-slot': row.slot },
        el('span', { class: 'ds-level-name' }, row.label === null ? '' : shown(row.label, 14)), el('span', { class: 'ds-level-note' }, row.note),
        el('span', { class: 'ds-level-track' }, el('i', { class: 'ds-level-bar ' + row.kind, style: 'width:' + percent(row.value) }),
          row.line === null ? null : el('i', { class: 'ds-level-line', style: 'left:' + percent(row.line) })),
        el('span', { class: 'ds-level-text' }, row.text));
    }));
  };
})(window.DraftScope = window.DraftScope || {});
