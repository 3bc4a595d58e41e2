// What the Learn tab says around its lessons, beside strings.js. The lessons' own text is in assets/lessons.
(function (DraftScope) {
  'use strict';

  DraftScope.learnWords = {
    list: 'Lessons',
    lead: 'Each takes a few minutes and plays over a real recorded run. Guess before you look: every lesson asks you something.',
    minutes: ['1 minute', '{n} minutes'],
    start: 'Start', goOn: 'Go on', again: 'Read again',
    open: '{verb}: {title}',
    notBegun: 'not begun', atCard: 'card {card} of {cards}', done: 'read',
    score: '{right} of {asked} right so far', noScore: 'no question answered yet',
    kept: 'Kept in this browser only.', forget: 'Forget my answers',
    broken: 'This lesson cannot be shown: {problem}.',
    loading: 'Opening the lesson…',
    all: 'All lessons', back: 'Back', next: 'Next', nextLesson: 'Next lesson: {title}', finish: 'To all lessons',
    card: 'Card {card} of {cards}',
    text: 'Lesson', view: 'The recorded run',
    run: 'Recorded run: {name}',
    reset: 'Back to this card’s view', whole: 'All panels',
    reveal: 'Reveal', showAgain: 'Show it again', pick: 'Choose an answer first, then reveal.', number: 'Your guess, a whole number',
    right: 'Right.', wrong: 'Not quite.', yours: 'You said {given}.',
    hidden: 'Think about it first. The answers are not shown on this page.',
    costTitle: 'Cost of a pass, by its number of tokens',
    costAbout: 'Measured on {where}. Filled: one pass over all of them. Outlined: a pass for each.',
    costOne: 'one pass', costEach: 'a pass each',
    costRow: ['1 token', '{n} tokens'],
    costLine: '{tokens}: {time} in one pass, {alone} with a pass for each.',
    costNone: 'This run’s header does not say what a pass costs.',
    milliseconds: '{n} ms',
  };
})(window.DraftScope = window.DraftScope || {});
