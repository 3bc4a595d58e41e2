// SVG that stands alone: a copy of a drawing with the styles that the page gives it written into it.
(function (DraftScope) {
  'use strict';

  const SHAPE = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap'];
  const TEXT = ['fill', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'text-decoration-line'];
  const PLAIN = { 'stroke-dasharray': 'none', 'stroke-linecap': 'butt', 'font-weight': '400', 'text-anchor': 'start',
    'text-decoration-line': 'none' };
  const FRAME = new Set(['svg', 'g', 'title', 'desc', 'image']);
  const OF_THE_PAGE = ['class', 'style', 'tabindex', 'role', 'data-slot', 'data-phase', 'aria-label', 'aria-pressed'];

  /** [colour, opacity]: mixed colours come as `color(srgb r g b / a)`, which few drawing programs read. */
  function colourOf(value) {
    const mixed = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/.exec(value);
    if (mixed) {
      const channels = mixed.slice(1, 4).map((channel) => Math.round(Number(channel) * 255));
      return ['rgb(' + channels.join(', ') + ')', mixed[4] === undefined ? 1 : Number(mixed[4])];
    }
    const parts = /^rgba\((\d+), (\d+), (\d+), ([\d.]+)\)$/.exec(value);
    return parts ? ['rgb(' + parts.slice(1, 4).join(', ') + ')', Number(parts[4])] : [value, 1];
  }

  function write(copy, name, value) {
    if (value === PLAIN[name]) return;
    if (name === 'text-decoration-line') return copy.setAttribute('text-decoration', value);
    if (name !== 'fill' && name !== 'stroke') return copy.setAttribute(name, value);
    const [colour, opacity] = colourOf(value);
    copy.setAttribute(name, opacity ? colour : 'none');
    if (opacity && opacity < 1) copy.setAttribute(name + '-opacity', String(opacity));
    return undefined;
  }

  function inline(node, copy) {
    if (!FRAME.has(node.tagName)) {
      const style = getComputedStyle(node);
      for (const name of node.tagName === 'text' ? TEXT : SHAPE) write(copy, name, style.getPropertyValue(name));
      if (node.tagName === 'text') copy.setAttribute('xml:space', 'preserve');
    }
    for (const name of OF_THE_PAGE) copy.removeAttribute(name);
    Array.from(node.children).forEach((child, at) => inline(child, copy.children[at]));
  }

  /** A copy of an SVG element that is on the page, needing no stylesheet. */
  DraftScope.inlined = function inlined(node) {
    const copy = node.cloneNode(true);
    inline(node, copy);
    return copy;
  };
})(window.DraftScope = window.DraftScope || {});
