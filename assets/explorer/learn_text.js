// A lesson's text: small JSON made of its Markdown (visuals/lessons/markup.py) -> elements. Text is written as text.
(function (DraftScope) {
  'use strict';

  const { el, shown } = DraftScope;
  const MARKS = { b: 'strong', i: 'em', code: 'code' };

  function inline(part) {
    if (typeof part === 'string') return document.createTextNode(part);
    const [kind, ...inner] = part;
    if (kind === 'token') return el('code', { class: 'ds-token' }, shown(inner[0], 40));
    return el(MARKS[kind], {}, ...inner.map(inline));
  }

  function block([kind, ...inner]) {
    if (kind === 'p') return el('p', {}, ...inner.map(inline));
    return el(kind, {}, ...inner.map((item) => el('li', {}, ...item.map(block))));
  }

  /** Inlines, or blocks, as nodes. */
  DraftScope.inlines = (parts) => parts.map(inline);
  DraftScope.blocks = (parts) => parts.map(block);
})(window.DraftScope = window.DraftScope || {});
