// What a visitor typed and chose, kept for this browser tab: gradio loads a page anew after a broken connection, and a
// server that restarted knows no visitor. What was run is gone then, and the visitor is told so.
(function (DraftScope) {
  'use strict';

  const FORMS = 'draftscope.form.';
  const RAN = 'draftscope.ran';
  const STARTS = '#run, #race-start, #measure, #fit, #upload';
  const restored = new Set();

  /** The tab's storage does something with a name, or nothing where the browser allows none or it is full. */
  function stored(work) {
    try {
      return work(sessionStorage);
    } catch {
      return null;
    }
  }

  function read(form) {
    try {
      return JSON.parse(stored((room) => room.getItem(FORMS + form))) || {};
    } catch {
      return {};
    }
  }

  /** The values that a form opens with: those kept, where they are of the kind that is there. */
  function restore(form, names, values) {
    const kept = read(form);
    restored.add(form);
    return names.map((name, at) => (name in kept && (typeof kept[name] === typeof values[at] || values[at] === null) ? kept[name] : values[at]));
  }

  /** Keep the values of a form, once it has got back what was kept. */
  function save(form, names, values) {
    if (!restored.has(form)) return;
    stored((room) => room.setItem(FORMS + form, JSON.stringify(Object.fromEntries(names.map((name, at) => [name, values[at]])))));
  }

  const lost = stored((room) => room.getItem(RAN)) !== null;
  stored((room) => room.removeItem(RAN));
  const note = ({ target }) => {
    if (target instanceof Element && target.closest(STARTS)) stored((room) => room.setItem(RAN, '1'));
  };
  for (const kind of ['click', 'drop', 'change']) document.addEventListener(kind, note, true);

  DraftScope.kept = { lost, restore, save };
})(window.DraftScope = window.DraftScope || {});
