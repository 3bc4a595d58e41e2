// What a sweep has measured so far: a progress bar, and a list of settings, each with a button that opens its run.
(function (DraftScope) {
  'use strict';

  const { el, say, setText, pointWords: words } = DraftScope;

  const times = (value) => (value === null ? '–' : value.toFixed(2) + '×');
  const one = (value) => (value === null ? '–' : value.toFixed(1));

  class Points {
    /** `open(at)` is called with the number of a point. */
    constructor(element, open) {
      this.open = open;
      this.done = el('div', { class: 'ds-progress-done' });
      this.bar = el('div', { class: 'ds-progress', role: 'progressbar', 'aria-label': words.progress, 'aria-valuemin': 0, 'aria-valuemax': 100 }, this.done);
      this.status = el('p', { class: 'ds-status-line', role: 'status' });
      this.list = el('div', { class: 'ds-scrolls ds-points', tabindex: '0', role: 'region', 'aria-label': words.list });
      this.root = el('div', { class: 'ds-root ds-measured' }, el('div', { class: 'ds-telling' }, this.bar, this.status), this.list);
      element.replaceChildren(this.root);
      this.take('');
    }

    /** The next message, as text: {status, error, fraction, points}; what it leaves out stays as it was. */
    take(text) {
      const told = text ? JSON.parse(text) : { status: words.empty, fraction: null, points: [] };
      if (told.status !== undefined) setText(this.status, told.status);
      this.status.classList.toggle('ds-error', Boolean(told.error));
      if (told.fraction !== undefined) {
        this.bar.hidden = told.fraction === null || told.fraction >= 1;
        const percent = Math.round((told.fraction || 0) * 100);
        this.bar.setAttribute('aria-valuenow', String(percent));
        this.done.style.width = percent + '%';
      }
      if (told.points) this._draw(told.points);
    }

    _draw(points) {
      this.list.hidden = !points.length;
      const head = el('tr', {}, ...words.columns.map(([kind, name]) => el('th', { scope: 'col', class: 'ds-col-' + kind }, name)));
      this.list.replaceChildren(el('table', { class: 'ds-table' }, el('thead', {}, head), el('tbody', {}, ...points.map((point, at) => this._row(point, at)))));
    }

    _row(point, at) {
      const button = el('button', { type: 'button', class: 'ds-button ds-open', 'aria-label': say(words.openLabel, { setting: point.setting }) }, words.open);
      button.addEventListener('click', () => this.open(at));
      const marks = [point.fastest ? words.fastest : null, point.on_front ? words.onFront : null].filter(Boolean).join(' · ');
      const cell = (kind, ...inside) => el('td', { class: 'ds-col-' + kind }, ...inside);
      return el('tr', { class: point.fastest ? 'ds-best' : '' },
        cell('setting', point.setting, marks ? el('span', { class: 'ds-kind' }, marks) : null),
        cell('speed', times(point.speedup)),
        cell('predicted', times(point.predicted), point.kind ? el('span', { class: 'ds-kind' }, words.kinds[point.kind]) : null),
        cell('calls', one(point.calls), point.kind ? el('span', { class: 'ds-kind' }, say(words.predicted, { value: one(point.predicted_calls) })) : null),
        cell('step', point.per_step.toFixed(2)), cell('lost', Math.round(point.not_kept * 100) + ' %'),
        cell('same', point.same_text ? words.same : words.differs), cell('open', button));
    }
  }

  DraftScope.mountPoints = (element, open) => new Points(element, open);
})(window.DraftScope = window.DraftScope || {});
