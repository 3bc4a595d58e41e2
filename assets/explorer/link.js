// A link to what is shown: which recorded run, step, phase, token, tab and threshold. What is no good is left out.
(function (DraftScope) {
  'use strict';

  const { PHASES } = DraftScope;
  const matching = (pattern) => (text) => (pattern.test(text) ? text : null);
  const whole = (text) => (/^\d{1,7}$/.test(text) ? Number(text) : null);
  const finite = (text) => (/^-?\d{1,6}(\.\d{1,9})?$/.test(text) ? Number(text) : null);

  const READ = {
    trace: matching(/^[a-z0-9-]{1,120}$/),
    step: whole,
    phase: (text) => (PHASES.includes(text) ? text : null),
    slot: whole,
    tab: matching(/^[a-z]{1,20}$/),
    threshold: finite,
  };

  /** What a query string names; null where it names nothing or nothing sensible. */
  function parse(search) {
    const asked = new URLSearchParams(search);
    return Object.fromEntries(Object.entries(READ).map(([name, read]) => [name, asked.has(name) ? read(asked.get(name)) : null]));
  }

  /** The address with these values in its query; other parts of the query stay. */
  function format(address, values) {
    const url = new URL(address);
    for (const name of Object.keys(READ)) {
      const value = values[name];
      if (value === null || value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, String(value));
    }
    url.hash = '';
    return url.href;
  }

  /** Go where a link says, as far as the run has such a step and the step such a token. */
  function restore(explorer, { step, phase, slot }) {
    const { scene } = explorer;
    if (!scene || step === null || step > scene.last) return;
    explorer.goto(step, phase || 'commit');
    if (slot !== null && scene.step(step).bySlot.has(slot)) explorer.select(slot);
  }

  /** What a link to this moment holds. The last phase is the usual one and is not said. */
  function valuesOf(explorer, tab) {
    const { step, phase, slot } = explorer.state;
    return { trace: explorer.slug, step, phase: phase === 'commit' ? null : phase, slot, tab, threshold: DraftScope.link.shared.threshold };
  }

  // `shared` is what other tabs add to a link: the Tune tab's threshold, read from the address when the page opens.
  const search = typeof location === 'undefined' ? '' : location.search;
  DraftScope.link = { parse, format, restore, valuesOf, opened: parse(search), shared: { threshold: parse(search).threshold } };
})(window.DraftScope = window.DraftScope || {});
