// ADED: the rows of the tri-gram matrix that the newest text changed, each with its heaviest successors.
(function (DraftScope) {
  'use strict';

  const { el, strings, say } = DraftScope;
  const WIDEST = 3; // no weight is above it

  const weight = (value) => value.toFixed(2).replace(/^0/, '');

  function successor(scene, [token, before, after]) {
    const label = DraftScope.shown(scene.label(token), 12);
    const gained = after > before;
    return el('span', { class: 'ds-successor' + (gained ? ' ds-gained' : ''), style: '--w:' + (100 * Math.min(after, WIDEST)) / WIDEST + '%' },
      label, el('small', {}, weight(after) + (gained ? ' (+' + weight(after - before) + ')' : '')));
  }

  function row(scene, [first, second, successors]) {
    const pair = DraftScope.shown(scene.label(first) + scene.label(second), 24);
    return el('li', { class: 'ds-learned' }, el('span', { class: 'ds-pair' }, pair, ' →'), ...successors.map((one) => successor(scene, one)));
  }

  function fill(part, scene, state) {
    const rows = scene.step(state.step).learned || [];
    part.about.textContent = rows.length ? say(strings.learnedAbout, { rows: rows.length }) : '';
    part.area.replaceChildren(rows.length ? el('ul', { class: 'ds-learned-rows' }, ...rows.map((one) => row(scene, one)))
      : el('p', { class: 'ds-empty' }, strings.learnedNone));
  }

  DraftScope.learnedPart = () => {
    const part = new DraftScope.Part('learned', strings.learnedTitle, (scene) => scene.learns, fill, strings.learnedKey);
    part.scrolls();
    part.reserve(160);
    return part;
  };
})(window.DraftScope = window.DraftScope || {});
