// SuffixDecoding: what each match length promised, one row of columns for each text that was looked in.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, count } = DraftScope;
  const HEIGHT = 118;
  const SHORTEST = 12; // match lengths on the axis, at least

  /** The text before the step that a match of `length` tokens covers, as far as it was generated. */
  function matchedText(scene, step, length) {
    const end = step.firstPiece;
    const from = Math.max(0, end - length);
    const text = scene.pieces.slice(from, end).map((piece) => piece.text).join('').replace(/\n/g, '↵');
    return (length > end ? '…' : '') + text;
  }

  function chart(source, matches, frame, step) {
    const bars = matches.map(([, length, times, score, chosen]) => ({ at: length, parts: [[score, chosen ? 'ds-bar-chosen' : 'ds-bar-quiet']],
      text: chosen ? score.toFixed(1) : '', marked: chosen,
      hint: say(strings.matchBar, { tokens: count(strings.tokens, length), times: count(strings.times, times), score: score.toFixed(2) })
        + (chosen ? strings.matchChosen : '') }));
    const name = strings.sources[source] || source;
    return el('div', { class: 'ds-matches' }, el('h4', { class: 'ds-source' }, bars.length ? name : name + ': ' + strings.matchNone),
      DraftScope.columnChart({ bars, first: 1, last: frame.last, most: frame.most, width: frame.width, height: HEIGHT,
        label: say(strings.matchesLabel, { step: step.i, source: name, list: bars.map((bar) => bar.hint).join('; ') }), axis: strings.matchAxis }));
  }

  function fill(part, scene, state, width) {
    const step = scene.step(state.step);
    const matches = step.matches || [];
    const sources = scene.sources;
    part.reserve((HEIGHT + 22) * (state.compact ? sources.length : 1));
    const chosen = matches.find((match) => match[4]);
    const text = chosen ? matchedText(scene, step, chosen[1]) : '';
    part.about.textContent = !matches.length ? '' : say(strings.matchesAbout, { tried: step.num_matches })
      + (chosen ? say(strings.matchedText, { text: DraftScope.shown(text.length > 48 ? '…' + text.slice(-47) : text, 60) }) : '');
    if (!matches.length) {
      part.area.replaceChildren(el('p', { class: 'ds-empty' }, strings.noMatch));
      return;
    }
    const columns = state.compact ? 1 : sources.length;
    const frame = { last: Math.max(SHORTEST, ...matches.map((match) => match[1])), most: Math.max(1, ...matches.map((match) => match[3])),
      width: Math.floor((width - 24 * (columns - 1)) / columns) };
    part.area.replaceChildren(el('div', { class: 'ds-sources' },
      ...sources.map((source) => chart(source, matches.filter((match) => match[0] === source), frame, step))), ...DraftScope.places(step));
  }

  DraftScope.matchParts = () => [new DraftScope.Part('matches', strings.matchesTitle, (scene) => scene.sources.length > 0, fill, strings.matchesKey)];
})(window.DraftScope = window.DraftScope || {});
