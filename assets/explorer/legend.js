// What the marks and cells mean.
(function (DraftScope) {
  'use strict';

  const { el, svg, strings } = DraftScope;
  const FATES = ['committed', 'drafted', 'accepted', 'rejected', 'unreached', 'bonus', 'recovered', 'plain'];

  function fateItem(fate) {
    const line = svg('path', { class: 'ds-edge ds-fate-' + fate + (fate === 'committed' ? ' ds-trunk' : ''), d: 'M1 10H15' });
    const icon = svg('svg', { viewBox: '0 0 34 20', width: 34, height: 20, 'aria-hidden': 'true' }, line,
      svg('g', { transform: 'translate(22 10)' }, DraftScope.mark(fate)));
    return el('li', { title: strings.fateHints[fate] }, icon, strings.fates[fate]);
  }

  function cellItem(kind, text) {
    return el('li', { class: 'ds-legend-' + kind }, el('i', { class: 'ds-cell ds-cell-' + kind }), text);
  }

  DraftScope.legend = function legend() {
    return el('section', { class: 'ds-legend', 'aria-label': strings.legendTitle },
      el('ul', {}, ...FATES.map(fateItem)),
      el('ul', {}, cellItem('ran', strings.cellRan), cellItem('draft', strings.cellDraft),
        cellItem('skipped', strings.cellSkipped), cellItem('exit', strings.leftEarly), cellItem('later', strings.cellLater),
        cellItem('back', strings.cellBack)));
  };
})(window.DraftScope = window.DraftScope || {});
