// Export: one button, a list. Pictures and films are made here; files of the whole run are asked of the page.
(function (DraftScope) {
  'use strict';

  const { el, strings, say, setText } = DraftScope;

  function save(name, blob) {
    const link = el('a', { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const blobOf = (canvas) => new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });

  class ExportMenu {
    /** `explorerOf()`: the explorer on the page or null; `ask(kind, slug)`: have the page make a file of the run. */
    constructor(mount, explorerOf, ask) {
      this.explorerOf = explorerOf;
      this.ask = ask;
      this.button = el('button', { type: 'button', class: 'ds-plain-button', 'aria-expanded': 'false', 'aria-haspopup': 'true' }, strings.exportTitle);
      this.list = el('div', { class: 'ds-export-list', role: 'group', 'aria-label': strings.exportTitle, hidden: true }, ...this._groups());
      this.node = el('div', { class: 'ds-root ds-export' }, this.button, this.list);
      this.button.addEventListener('click', () => this._open(this.list.hidden));
      this.node.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || this.list.hidden) return;
        this._open(false);
        this.button.focus();
      });
      document.addEventListener('pointerdown', (event) => { if (!this.node.contains(event.target)) this._open(false); });
      mount.replaceChildren(this.node);
    }

    _groups() {
      this.from = this._stepInput(strings.exportFrom);
      this.to = this._stepInput(strings.exportTo);
      this.said = el('p', { class: 'ds-said', role: 'status' });
      this.progress = el('progress', { hidden: true, max: 1, value: 0, 'aria-label': strings.exportFilm[0] });
      this.cancel = el('button', { type: 'button', class: 'ds-plain-button', hidden: true }, strings.exportCancel);
      this.cancel.addEventListener('click', () => this.stopping && this.stopping.abort());
      const whole = Object.entries(strings.exportRun).map(([kind, text]) => this._item(kind, text, () => this._askFor(kind)));
      const groups = [
        this._group(strings.exportStep, Object.entries(strings.exportPicture).map(([kind, text]) => this._item(kind, text, () => this._picture(kind)))),
        this._group(strings.exportSteps, [
          el('div', { class: 'ds-export-range' }, el('label', {}, strings.exportFrom, this.from), el('label', {}, strings.exportTo, this.to)),
          this._item('film', strings.exportFilm, () => this._film())]),
      ];
      if (this.ask) groups.push(this._group(strings.exportWhole, whole));
      return [...groups, el('div', { class: 'ds-export-state' }, this.progress, this.said, this.cancel)];
    }

    _group(title, items) {
      return el('section', {}, el('h4', {}, title), ...items);
    }

    _item(kind, [name, about], action) {
      const button = el('button', { type: 'button', class: 'ds-export-item', 'data-export': kind }, el('b', {}, name), el('span', {}, about));
      button.addEventListener('click', () => this._do(action));
      return button;
    }

    _stepInput() {
      return el('input', { type: 'number', min: 0, step: 1, inputmode: 'numeric' });
    }

    _open(open) {
      if (open === !this.list.hidden) return;
      this.list.hidden = !open;
      this.button.setAttribute('aria-expanded', String(open));
      const explorer = this.explorerOf();
      if (!open || this.stopping || !explorer || !explorer.scene || !explorer.scene.steps.length) return;
      const { last } = explorer.scene;
      this.from.value = String(Math.max(0, Math.min(explorer.state.step, last) - 3));
      this.to.value = String(Math.min(last, Number(this.from.value) + 8));
      this.from.max = this.to.max = String(last);
      setText(this.said, '');
    }

    /** One thing at a time; whatever goes wrong is said here. */
    async _do(action) {
      const explorer = this.explorerOf();
      if (this.stopping) return;
      if (!explorer || !explorer.scene || !explorer.scene.steps.length) return void setText(this.said, strings.exportNothing);
      this.stopping = new AbortController();
      try {
        setText(this.said, await action.call(this, explorer) || strings.exportDone);
      } catch {
        setText(this.said, strings.exportFailed);
      } finally {
        this.stopping = null;
        this.progress.hidden = this.cancel.hidden = true;
      }
    }

    _name(explorer, ending) {
      const safe = explorer.scene.head.method.name.replace(/[^\w-]+/g, '-').slice(0, 40);
      return 'draftscope-' + (explorer.slug || safe) + ending;
    }

    async _picture(kind) {
      const explorer = this.explorerOf();
      const drawn = DraftScope.picture(explorer);
      const name = this._name(explorer, '-step' + explorer.state.step + '.' + kind);
      if (kind === 'svg') save(name, new Blob([DraftScope.svgText(drawn)], { type: 'image/svg+xml' }));
      else save(name, await blobOf(await DraftScope.rasterised(drawn, 2)));
    }

    async _film() {
      const explorer = this.explorerOf();
      const [from, to] = [Number(this.from.value), Number(this.to.value)];
      const { last } = explorer.scene;
      const whole = this.from.value !== '' && this.to.value !== '' && Number.isInteger(from) && Number.isInteger(to);
      if (!whole || from < 0 || to < from || to > last) return say(strings.exportRange, { last });
      if (to - from >= DraftScope.MOST_FILM_STEPS) return say(strings.exportLong, { most: DraftScope.MOST_FILM_STEPS });
      this.progress.value = 0;
      this.progress.hidden = this.cancel.hidden = false;
      const onProgress = (done, of) => {
        this.progress.value = done / of;
        setText(this.said, say(strings.exportFrame, { done, of }));
      };
      const { signal } = this.stopping;
      const bytes = await DraftScope.film(explorer, from, to, { onProgress, signal });
      if (!bytes) return strings.exportCancelled;
      save(this._name(explorer, '-steps' + from + '-' + to + '.gif'), new Blob([bytes], { type: 'image/gif' }));
      return '';
    }

    _askFor(kind) {
      const explorer = this.explorerOf();
      if (explorer.scene.live) return strings.exportLive;
      this.ask(kind, explorer.slug || null);
      return new Promise((resolve) => { this.answer = resolve; });
    }

    /** What the page answered: '' when the file is there, or what was wrong. */
    answered(text) {
      if (this.answer) this.answer(text);
      this.answer = null;
    }
  }

  DraftScope.exportMenu = (mount, explorerOf, ask) => new ExportMenu(mount, explorerOf, ask);
})(window.DraftScope = window.DraftScope || {});
