// A link to what is shown: which recorded run, step, phase, token, tab and knobs, or which card of a lesson.
// What is no good is left out.
(function (DraftScope) {
  'use strict';

  const { PHASES } = DraftScope;
  const matching = (pattern) => (text) => (pattern.test(text) ? text : null);
  const whole = (text) => (/^\d{1,7}$/.test(text) ? Number(text) : null);
  const KNOB = /^knob\.([a-z_]{1,40})$/; // knob.threshold=0.45: what the Tune tab's knob of that name is turned to
  const MOST_KNOBS = 20;

  const READ = {
    trace: matching(/^[a-z0-9-]{1,120}$/),
    step: whole,
    phase: (text) => (PHASES.includes(text) ? text : null),
    slot: whole,
    tab: matching(/^[a-z]{1,20}$/),
    lesson: matching(/^[a-z0-9-]{1,60}$/),
    card: whole,
  };

  /** What a query string names; null where it names nothing or nothing sensible. */
  function parse(search) {
    const asked = new URLSearchParams(search);
    const named = Object.entries(READ).map(([name, read]) => [name, asked.has(name) ? read(asked.get(name)) : null]);
    const knobs = [...asked].filter(([name, value]) => KNOB.test(name) && /^[a-z0-9.]{1,20}$/.test(value)).slice(0, MOST_KNOBS);
    return { ...Object.fromEntries(named), knobs: Object.fromEntries(knobs.map(([name, value]) => [KNOB.exec(name)[1], value])) };
  }

  /** The address with these values in its query; other parts of the query stay. */
  function format(address, values) {
    const url = new URL(address);
    for (const name of [...url.searchParams.keys()].filter((known) => KNOB.test(known))) url.searchParams.delete(name);
    const knobs = Object.entries(values.knobs || {}).map(([name, value]) => ['knob.' + name, value]);
    for (const [name, value] of [...Object.keys(READ).map((known) => [known, values[known]]), ...knobs]) {
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
  function valuesOf(explorer, tab, knobs) {
    const { step, phase, slot } = explorer.state;
    return { trace: explorer.slug, step, phase: phase === 'commit' ? null : phase, slot, tab, knobs };
  }

  const search = typeof location === 'undefined' ? '' : location.search;
  DraftScope.link = { parse, format, restore, valuesOf, opened: parse(search) };
})(window.DraftScope = window.DraftScope || {});
