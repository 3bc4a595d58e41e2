// One lesson, read card by card: its text at the left, or above, and the explorer beside it.
(function (DraftScope) {
  'use strict';

  const { el, say, learnWords: words, blocks, setText } = DraftScope;

  class LearnReader {
    /** `host`: {progress, leave(), openNext(slug), nextOf(slug), moved(slug, card)}. */
    constructor(host) {
      this.host = host;
      this.name = el('span', { class: 'ds-lesson-name' });
      this.where = el('span', { class: 'ds-lesson-where' });
      this.score = el('span', { class: 'ds-lesson-score' });
      this.bar = el('div', { class: 'ds-lesson-bar', 'aria-hidden': 'true' });
      this.heading = el('h2', { class: 'ds-card-title', tabindex: '-1' });
      this.text = el('div', { class: 'ds-card-text' });
      this.question = el('div');
      this.all = this._button(words.all, () => host.leave());
      this.back = this._button(words.back, () => this.show(this.card - 1));
      this.next = this._button(words.next, () => this._onward());
      this.next.classList.add('ds-onward');
      this.view = new DraftScope.LearnView();
      this.node = el('div', { class: 'ds-reader', hidden: true },
        el('div', { class: 'ds-lesson-head' }, this.all, this.name, this.where, this.score, this.bar),
        el('section', { class: 'ds-lesson-card', 'aria-label': words.text }, this.heading, this.text, this.question,
          el('div', { class: 'ds-lesson-turn' }, this.back, this.next)),
        this.view.node);
    }

    _button(name, onClick) {
      const button = el('button', { type: 'button', class: 'ds-plain-button' }, name);
      button.addEventListener('click', onClick);
      return button;
    }

    /** Open a lesson at a card; one that it does not have is the nearest. */
    open(brought, card) {
      const { lesson } = brought;
      this.lesson = lesson;
      this.node.hidden = false;
      setText(this.name, lesson.title);
      this.bar.replaceChildren(...lesson.cards.map(() => el('i')));
      this.view.take(brought);
      this.show(Math.max(0, Math.min(card, lesson.cards.length - 1)));
    }

    close() {
      this.node.hidden = true;
      if (this.view.explorer) this.view.explorer.pause();
    }

    show(at) {
      const { lesson, host } = this;
      const card = lesson.cards[at];
      this.card = at;
      host.progress.at(lesson.slug, at);
      this.heading.textContent = card.title;
      this.text.replaceChildren(...blocks(card.blocks));
      this.question.replaceChildren(...(card.question ? [this._asked(card.question, at)] : []));
      this._tell();
      this.view.stand(card.view, Boolean(card.question) && !(at in host.progress.of(lesson.slug).answers));
      this.heading.focus({ preventScroll: true });
      if (this.node.getBoundingClientRect().top < 0) this.node.scrollIntoView({ block: 'start' });
      host.moved(lesson.slug, at);
    }

    _asked(asked, at) {
      const { slug } = this.lesson;
      const { progress } = this.host;
      const reveal = (given, right) => { progress.answered(slug, at, given, right); this._tell(); };
      return new DraftScope.LearnQuestion(asked, 'ds-' + slug + '-' + at, progress.of(slug).answers[at] || null, reveal,
        () => this.view.stand(asked.evidence, false)).node;
    }

    /** Where one is, how it went, and what the buttons lead to. */
    _tell() {
      const { lesson, card } = this;
      const cards = lesson.cards.length;
      const [right, asked] = this.host.progress.score([lesson.slug]);
      const after = this.host.nextOf(lesson.slug);
      setText(this.where, say(words.card, { card: card + 1, cards }));
      setText(this.score, asked ? say(words.score, { right, asked }) : words.noScore);
      Array.from(this.bar.children).forEach((part, at) => part.toggleAttribute('data-read', at <= card));
      this.back.hidden = card === 0;
      setText(this.next, card + 1 < cards ? words.next : after ? say(words.nextLesson, after) : words.finish);
    }

    _onward() {
      const after = this.host.nextOf(this.lesson.slug);
      if (this.card + 1 < this.lesson.cards.length) this.show(this.card + 1);
      else if (after) this.host.openNext(after.slug);
      else this.host.leave();
    }
  }

  DraftScope.LearnReader = LearnReader;
})(window.DraftScope = window.DraftScope || {});
