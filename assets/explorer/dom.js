// Making elements and formatting numbers. Text only ever enters through createTextNode and setAttribute.
(function (DraftScope) {
  'use strict';

  const SVG = 'http://www.w3.org/2000/svg';

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      node.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children) {
      if (child === null || child === undefined) continue;
      node.appendChild(typeof child === 'object' ? child : document.createTextNode(String(child)));
    }
    return node;
  }

  DraftScope.el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  DraftScope.svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  /** Replace an element's text only when it changed. */
  DraftScope.setText = function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  };

  /** A token as it is shown by itself: spaces visible, at most `length` characters. */
  DraftScope.shown = function shown(label, length) {
    const characters = Array.from(label.replace(/ /g, '·'));
    if (!characters.length) return '∅';
    return characters.length > length ? characters.slice(0, length - 1).join('') + '…' : characters.join('');
  };

  DraftScope.quoted = (label) => '“' + DraftScope.shown(label, 40) + '”';

  /** A probability: two digits, three near the ends, and never 1 or 0 for what is not. */
  DraftScope.prob = function prob(p) {
    if (p === null || p === undefined) return '–';
    if (p === 0 || p === 1) return String(p);
    if (p < 0.001) return '< .001';
    if (p >= 0.9995) return '> .999';
    return p.toFixed(p < 0.0995 || p >= 0.995 ? 3 : 2).replace(/^0/, '').replace(/^(\.\d\d)0$/, '$1');
  };

  /** The same where room is scarce. */
  DraftScope.shortProb = function shortProb(p) {
    if (p > 0 && p < 0.005) return '≈0';
    if (p < 1 && p >= 0.995) return '≈1';
    return DraftScope.prob(p);
  };

  DraftScope.duration = function duration(seconds) {
    const s = DraftScope.strings;
    if (seconds >= 1) return seconds.toFixed(seconds < 10 ? 2 : 1) + ' ' + s.seconds;
    const ms = seconds * 1000;
    return ms.toFixed(ms < 10 ? 1 : 0) + ' ' + s.milliseconds;
  };

  /** A button with a drawn icon and a name. `paths` are SVG path data on a 24 grid. */
  DraftScope.iconButton = function iconButton(name, paths, onClick) {
    const icon = DraftScope.svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'ds-icon' });
    for (const d of paths) icon.appendChild(DraftScope.svg('path', { d }));
    const button = DraftScope.el('button', { type: 'button', class: 'ds-button', 'aria-label': name, title: name }, icon);
    button.addEventListener('click', onClick);
    return button;
  };
})(window.DraftScope = window.DraftScope || {});
