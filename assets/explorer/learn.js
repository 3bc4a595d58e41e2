// The Learn tab: the lessons, how far one has come with each, and the one that is being read.
(function (DraftScope) {
  'use strict';

  const { el, say, count, learnWords: words, setText } = DraftScope;
  const WIDE = 900; // from this width on the text stands beside the explorer

  class Learn {
    /** `ask(slug)` brings a lesson, which then comes by `take`. */
    constructor(element, ask) {
      this.ask = ask;
      this.progress = new DraftScope.LearnProgress();
      this.known = new Map(); // lessons that were brought
      this.lessons = [];
      this.title = el('h2', { class: 'ds-learn-title', tabindex: '-1' }, words.list);
      this.score = el('span', { class: 'ds-lesson-score' });
      this.forget = el('button', { type: 'button', class: 'ds-plain-button' }, words.forget);
      this.forget.addEventListener('click', () => { this.progress.forget(); this._list(); this.title.focus(); });
      this.said = el('p', { class: 'ds-note', role: 'status' });
      this.list = el('ol', { class: 'ds-lessons' });
      this.shelf = el('div', { class: 'ds-shelf' }, this.title, el('p', { class: 'ds-learn-lead' }, words.lead), this.said, this.list,
        el('div', { class: 'ds-shelf-foot' }, this.score, el('span', { class: 'ds-note' }, words.kept), this.forget));
      this.reader = new DraftScope.LearnReader(this._host());
      this.root = el('div', { class: 'ds-root ds-learn' }, this.shelf, this.reader.node);
      this._sizes = new ResizeObserver(() => this.root.classList.toggle('ds-learn-wide', this.root.clientWidth >= WIDE));
      this._sizes.observe(this.root);
      element.replaceChildren(this.root);
    }

    _host() {
      return {
        progress: this.progress,
        leave: () => this.leave(),
        openNext: (slug) => this.open(slug, 0),
        nextOf: (slug) => this.lessons.slice(this.lessons.findIndex((one) => one.slug === slug) + 1).find((one) => !one.problem) || null,
        moved: (lesson, card) => { DraftScope.learning = { lesson, card: card + 1 }; },
      };
    }

    /** A message: the list of lessons, one of them with its runs, or why it cannot be shown. */
    take({ lessons, problem, ...brought }) {
      setText(this.said, problem ? say(words.broken, { problem }) : '');
      if (lessons) this._shelve(lessons);
      const { lesson } = brought;
      if (!lesson) return;
      this.known.set(lesson.slug, brought);
      if (this.wanted && this.wanted.slug === lesson.slug) this._read(lesson.slug, this.wanted.card);
    }

    _shelve(lessons) {
      this.lessons = lessons;
      this._list();
      const { lesson, card } = DraftScope.link.opened;
      if (lessons.some((one) => one.slug === lesson && !one.problem)) setTimeout(() => this.open(lesson, Math.max(0, (card || 1) - 1)));
    }

    /** Read a lesson from a card on. */
    open(slug, card) {
      this.wanted = { slug, card };
      if (this.known.has(slug)) return this._read(slug, card);
      setText(this.said, words.loading);
      return this.ask(slug);
    }

    _read(slug, card) {
      this.wanted = null;
      this.shelf.hidden = true;
      this.reader.open(this.known.get(slug), card);
    }

    /** Back to the list, to the lesson that was read. */
    leave() {
      const { slug } = this.reader.lesson;
      this.reader.close();
      this.shelf.hidden = false;
      DraftScope.learning = {};
      this._list();
      const button = this.list.querySelector('[data-lesson="' + slug + '"]');
      (button || this.title).focus();
    }

    _list() {
      this.list.replaceChildren(...this.lessons.map((lesson) => this._item(lesson)));
      const [right, asked] = this.progress.score(this.lessons.map((one) => one.slug));
      setText(this.score, asked ? say(words.score, { right, asked }) : words.noScore);
      this.forget.hidden = !this.lessons.some((one) => this.progress.of(one.slug).begun);
    }

    _item(lesson) {
      if (lesson.problem) return el('li', { class: 'ds-lesson' }, el('h3', {}, lesson.slug), el('p', {}, say(words.broken, lesson)));
      const { begun, card, seen } = this.progress.of(lesson.slug);
      const cards = lesson.num_cards;
      const done = seen + 1 >= cards;
      const [right, asked] = this.progress.score([lesson.slug]);
      const verb = done ? words.again : begun ? words.goOn : words.start;
      const state = done ? words.done : begun ? say(words.atCard, { card: card + 1, cards }) : words.notBegun;
      const button = el('button', { type: 'button', class: 'ds-plain-button', 'data-lesson': lesson.slug,
        'aria-label': say(words.open, { verb, title: lesson.title }) }, verb);
      button.addEventListener('click', () => this.open(lesson.slug, done ? 0 : card));
      return el('li', { class: 'ds-lesson', 'data-state': done ? 'done' : begun ? 'begun' : 'new' },
        el('h3', {}, lesson.title), el('p', { class: 'ds-lesson-about' }, lesson.about),
        el('p', { class: 'ds-lesson-facts' }, [count(words.minutes, lesson.minutes), state,
          ...(asked ? [say(words.score, { right, asked })] : [])].join(' · ')), button);
    }
  }

  DraftScope.learning = {}; // {lesson, card} being read, the card counted from 1, for links
  DraftScope.mountLearn = (element, ask) => new Learn(element, ask);
})(window.DraftScope = window.DraftScope || {});
