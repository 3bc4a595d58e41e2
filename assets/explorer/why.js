// One plain sentence for the chosen token, and one for the look-up that the step's guesses came from.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, quoted, prob, count, setText } = DraftScope;

  function chosenInstead(node, step) {
    const siblings = step.nodes.filter((other) => other.parent === node.parent && other.slot !== node.slot);
    const chosen = siblings.find((other) => ['accepted', 'recovered', 'plain', 'bonus'].includes(other.fate));
    return chosen ? quoted(chosen.label) : null;
  }

  /** Two numbers as short as they may be while the smaller one still reads as the smaller one. */
  function apart(a, b) {
    const longer = Array.from({ length: 14 }, (_, at) => (value) => value.toFixed(at + 2).replace(/^0\./, '.'));
    const pairs = [prob, ...longer, String].map((way) => [way(a), way(b)]);
    const read = pairs.filter((pair) => pair.every((text) => !Number.isNaN(Number(text)))); // not "< .001"
    return read.find(([x, y]) => Number(x) < Number(y) === a < b) || read[read.length - 1];
  }

  /** Was it tested after siblings that were rejected, whose share the model's other choices took over? */
  function isNarrowed(node, step) {
    return step.bySlot.get(node.parent).children.some((other) => other.slot < node.slot && other.fate === 'rejected');
  }

  function judged(node, step, values) {
    const { rule, accepted, draw, acceptProb } = node.verdict;
    if (rule !== 'greedy') {
      const [drawText, acceptText] = apart(draw, acceptProb);
      return say(accepted ? strings.whyKeptDrawn : strings.whyRejectedDrawn, { ...values, draw: drawText, accept: acceptText })
        + (isNarrowed(node, step) ? ' ' + strings.whyNarrowed : '');
    }
    if (accepted) return say(strings.whyKeptGreedy, values);
    const chosen = chosenInstead(node, step);
    return say(chosen ? strings.whyRejectedGreedyFor : strings.whyRejectedGreedy, { ...values, chosen });
  }

  function unreached(node, step, values) {
    const parent = step.bySlot.get(node.parent);
    const sibling = parent.children.find((other) => other.fate === 'accepted');
    let because = strings.whyUnreachedEnd;
    if (parent.fate === 'rejected') because = strings.whyUnreachedParent;
    else if (parent.fate === 'unreached') because = strings.whyUnreachedUnreached;
    else if (sibling) because = strings.whyUnreachedSibling;
    const named = { ...values, parent: quoted(parent.label), sibling: sibling ? quoted(sibling.label) : '' };
    return say(because, named) + ' ' + say(strings.whyUnreachedDraft, values);
  }

  function reason(node, step, phase) {
    const values = { token: quoted(node.label), draft: prob(node.draftProb),
      target: node.verdict ? prob(node.verdict.targetProb) : '' };
    if (node.draftProb !== null && phase === 'draft') return say(strings.whyDraftedYet, values);
    if (node.verdict) return judged(node, step, values);
    if (node.draftProb === null) {
      const own = { committed: strings.whyCommitted, bonus: strings.whyBonus, recovered: strings.whyRecovered };
      return say(own[node.fate] || strings.whyPlain, values);
    }
    return node.fate === 'unreached' ? unreached(node, step, values) : say(strings.whyNotRecorded, values);
  }

  function leftOver(node, scene) {
    const drawn = node.verdict && node.verdict.rule !== 'greedy'; // greedily, one token is left and it was named
    if (!drawn || !node.residual || !node.residual.tokens.length) return '';
    const left = node.residual.tokens.map((token, at) => quoted(scene.label(token)) + ' ' + prob(node.residual.probs[at]));
    return ' ' + say(strings.whyResidual, { left: left.join(', ') });
  }

  /** Why the node is what it is, in one or two plain sentences. */
  DraftScope.why = function why(scene, step, node, phase) {
    const extra = phase === 'draft' ? '' : leftOver(node, scene);
    return reason(node, step, phase) + extra + (node.rolledBack ? ' ' + strings.whyRolledBack : '');
  };

  DraftScope.matchLine = function matchLine(step) {
    const found = (step.matches || []).filter((match) => match[4]);
    if (!found.length) return step.num_matches ? strings.noMatch : '';
    const [source, length, times, score] = found[0];
    return say(strings.match, { tokens: count(strings.lastTokens, length), seen: count(strings.seen, length),
      times: count(strings.times, times),
      source: strings.sources[source] || source, score: score.toFixed(1) });
  };

  /** What a step is best explained by, where nothing is chosen: the guess that failed, or else the newest token. */
  function headline(step, phase) {
    if (phase === 'draft' && step.drafted.length) return step.drafted[0];
    const kept = new Set(step.text.map(([slot]) => slot));
    const failed = step.nodes.find((node) => node.fate === 'rejected' && (node.parent === step.nodes[0].slot || kept.has(node.parent)));
    return failed || step.bySlot.get(step.text[step.text.length - 1][0]);
  }

  class WhyPanel {
    constructor() {
      this.why = el('p', { class: 'ds-why', 'aria-live': 'polite' });
      this.match = el('p', { class: 'ds-match' });
    }

    draw(scene, state) {
      if (!scene || !scene.steps.length) return;
      this.why.setAttribute('aria-live', state.playing || (scene.live && state.following) ? 'off' : 'polite'); // not at every step of a play
      const step = scene.step(state.step);
      const node = state.slot === null ? headline(step, state.phase) : step.bySlot.get(state.slot);
      setText(this.match, DraftScope.matchLine(step));
      setText(this.why, node && DraftScope.isThere(node, state.phase) ? DraftScope.why(scene, step, node, state.phase)
        : strings.whyEmpty);
    }
  }

  DraftScope.WhyPanel = WhyPanel;
})(window.DraftScope = window.DraftScope || {});
