// One shape for each fate, the same in the tree, the heatmap and the legend.
(function (DraftScope) {
  'use strict';

  const { svg } = DraftScope;

  const RADIUS = { committed: 4, drafted: 7, accepted: 7, rejected: 7, unreached: 4.5, bonus: 8, recovered: 8, plain: 7 };

  function diamond(r) {
    return 'M0 ' + -r + 'L' + r + ' 0L0 ' + r + 'L' + -r + ' 0Z';
  }

  /** The mark of a fate around the origin, as SVG. */
  DraftScope.mark = function mark(fate) {
    const r = RADIUS[fate];
    const group = svg('g', { class: 'ds-mark ds-fate-' + fate });
    if (fate === 'bonus' || fate === 'recovered' || fate === 'plain') {
      group.appendChild(svg('path', { d: diamond(r), class: fate === 'recovered' ? 'ds-ring' : 'ds-solid' }));
      if (fate === 'recovered') group.appendChild(svg('path', { d: 'M0 ' + -r + 'L0 ' + r + 'L' + -r + ' 0Z', class: 'ds-solid' }));
      return group;
    }
    const solid = fate === 'accepted' || fate === 'committed';
    group.appendChild(svg('circle', { r, class: solid ? 'ds-solid' : 'ds-ring' }));
    if (fate === 'rejected') group.appendChild(svg('path', { d: 'M-3 -3L3 3M-3 3L3 -3', class: 'ds-ring' }));
    return group;
  };

  /** The same on a canvas, `r` pixels around a point. */
  DraftScope.drawMark = function drawMark(context, fate, x, y, r, colour) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 1.25;
    context.beginPath();
    if (fate === 'bonus' || fate === 'recovered' || fate === 'plain') {
      context.moveTo(x, y - r);
      context.lineTo(x + r, y);
      context.lineTo(x, y + r);
      context.lineTo(x - r, y);
      context.closePath();
    } else if (fate === 'rejected') {
      context.moveTo(x - r * 0.8, y - r * 0.8);
      context.lineTo(x + r * 0.8, y + r * 0.8);
      context.moveTo(x - r * 0.8, y + r * 0.8);
      context.lineTo(x + r * 0.8, y - r * 0.8);
    } else {
      context.arc(x, y, fate === 'unreached' || fate === 'committed' ? r * 0.55 : r * 0.9, 0, 7);
    }
    if (fate === 'rejected' || fate === 'drafted' || fate === 'unreached' || fate === 'recovered') context.stroke();
    else context.fill();
  };

  /** The node's fate as far as a phase knows it. */
  DraftScope.fateIn = function fateIn(node, phase) {
    return phase === 'draft' && node.draftProb !== null ? 'drafted' : node.fate;
  };

  /** Taken back: struck through once it is known. */
  DraftScope.isStruck = (node, phase) => Boolean(node.rolledBack) && phase !== 'draft';

  /** Is the node there in this phase? The model's own token comes with the commit. */
  DraftScope.isThere = (node, phase) => phase === 'commit' || node.draftProb !== null || node.depth === 0;
})(window.DraftScope = window.DraftScope || {});
