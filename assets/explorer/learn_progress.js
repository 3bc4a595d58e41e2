// How far somebody has come with the lessons, kept in their browser only; without a store, for as long as the page is open.
(function (DraftScope) {
  'use strict';

  const KEY = 'draftscope.lessons';

  function stored() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      return found && typeof found === 'object' && !Array.isArray(found) ? found : {};
    } catch { // no store, or not ours
      return {};
    }
  }

  class LearnProgress {
    constructor() {
      this._all = stored();
    }

    /** {card: the one that was open, seen: the furthest, answers: {card: [given, right]}} of a lesson. */
    of(slug) {
      const known = Object.hasOwn(this._all, slug) ? this._all[slug] : null;
      const whole = (value) => (Number.isInteger(value) && value >= 0 ? value : 0);
      const answers = known && known.answers && typeof known.answers === 'object' ? known.answers : {};
      const sound = Object.entries(answers).filter(([, one]) => Array.isArray(one) && Number.isInteger(one[0]) && typeof one[1] === 'boolean');
      return { begun: Boolean(known), card: whole(known && known.card), seen: whole(known && known.seen), answers: Object.fromEntries(sound) };
    }

    at(slug, card) {
      const { seen, answers } = this.of(slug);
      this._keep(slug, { card, seen: Math.max(seen, card), answers });
    }

    /** The first answer to a question is the one that counts. */
    answered(slug, card, given, right) {
      const { begun, answers, ...rest } = this.of(slug);
      if (!(card in answers)) this._keep(slug, { ...rest, answers: { ...answers, [card]: [given, right] } });
    }

    /** [right, answered] of one lesson, or of all these. */
    score(slugs) {
      const given = slugs.flatMap((slug) => Object.values(this.of(slug).answers));
      return [given.filter(([, right]) => right).length, given.length];
    }

    forget() {
      this._all = {};
      this._write();
    }

    _keep(slug, known) {
      this._all = { ...this._all, [slug]: known };
      this._write();
    }

    _write() {
      try {
        localStorage.setItem(KEY, JSON.stringify(this._all));
      } catch { /* private windows may have no store */ }
    }
  }

  DraftScope.LearnProgress = LearnProgress;
})(window.DraftScope = window.DraftScope || {});
