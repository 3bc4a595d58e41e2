// What a teacher hides by the address: `?hide=run,settings`. Unknown names are left out. Rules for gradio's own parts
// are in visuals/page/hiding.py, which goes by the attribute set here.
(function (DraftScope) {
  'use strict';

  const HIDABLE = ['run', 'settings', 'export', 'tabs', 'answers'];

  /** The known names in the query's `hide`. */
  function parse(search) {
    const asked = (new URLSearchParams(search).get('hide') || '').slice(0, 200).split(',');
    return HIDABLE.filter((name) => asked.includes(name));
  }

  const search = typeof location === 'undefined' ? '' : location.search;
  const hidden = parse(search);
  if (hidden.length) document.documentElement.setAttribute('data-ds-hide', hidden.join(' '));
  DraftScope.flags = { parse, hides: (name) => hidden.includes(name) };
})(window.DraftScope = window.DraftScope || {});
