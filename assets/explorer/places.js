// SuffixDecoding and prompt lookup: where the matched text stands, with the text around it.
(function (DraftScope) {
  'use strict';

  const { el, strings, say } = DraftScope;

  function line([source, answer, end, , [before, matched, after], chosen]) {
    const said = say(answer ? strings.placeAnswer : strings.placeOwn, { source: strings.sources[source] || source, answer, end });
    return el('p', { class: 'ds-place' + (chosen ? ' ds-place-chosen' : '') }, el('span', { class: 'ds-place-where' }, said), ' ',
      el('q', { class: 'ds-place-text' }, before, el('mark', {}, matched), after));
  }

  /** The best matches of a step, the one that was drafted from first. */
  DraftScope.places = (step) => (step.places || []).map(line);

  /** The chosen match in this run's own text as numbers of generated tokens, [from, until): negative ones are the prompt's. */
  DraftScope.matchedPieces = function matchedPieces(scene, step) {
    const place = (step.places || []).find((one) => one[5] && !one[1]);
    if (!place) return [0, 0];
    const end = place[2] - scene.head.num_prompt_tokens;
    return [end - place[3], end];
  };
})(window.DraftScope = window.DraftScope || {});
