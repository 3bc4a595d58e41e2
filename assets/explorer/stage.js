// The panels and where they stand: built once, measured when the page changes, drawn from (scene, state).
(function (DraftScope) {
  'use strict';

  const { el, strings } = DraftScope;
  // From this width on: panels side by side; one under another; narrower, the tree is a list and panels take turns.
  const WIDE = 960;
  const MEDIUM = 640;

  const FRAME = 16; // milliseconds
  const WAIT = 250; // milliseconds: on a slow machine, what can wait is drawn four times a second

  function innerWidth(node) {
    const style = getComputedStyle(node);
    return Math.floor(node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  }

  class Stage {
    /** `host` is the explorer: its scene and state are drawn, its verbs are called. */
    constructor(element, host) {
      this.host = host;
      this.root = el('div', { class: 'ds-root', tabindex: '-1' });
      this.tip = new DraftScope.Tip(this.root);
      host.tip = this.tip;
      host.help = new DraftScope.Help();
      this.text = new DraftScope.TextPanel(host);
      this.tree = new DraftScope.TreePanel(host);
      this.why = new DraftScope.WhyPanel();
      this.heatmap = new DraftScope.Heatmap(host);
      this.timeline = new DraftScope.Timeline(host);
      this.method = new DraftScope.MethodPanel(host);
      this.scrubber = new DraftScope.Scrubber(host);
      this.counters = new DraftScope.Counters();
      this.figures = new DraftScope.Figures(host);
      this.counters.node.appendChild(this.figures.button);
      this.outline = new DraftScope.Outline(host);
      this.tree.area.before(this.why.why);
      this.tree.node.append(this.why.match, this.outline.node);
      // What is watched as a run comes in, and what can wait. Canvases first: a font asks for the styles of all that changed.
      this.leading = [this.heatmap, this.counters, this.text, this.tree, this.why];
      this.trailing = [this.timeline, this.figures, this.outline, this.method, this.scrubber];
      this.body = el('div', { class: 'ds-body', 'data-view': 'tree' }, this.counters.node, this.figures.node, this.text.node, this._views(),
        this.tree.node, this.heatmap.node, DraftScope.legend(), this.method.node, this.timeline.node, this.scrubber.node, host.help.node);
      this.root.appendChild(this.body);
      element.replaceChildren(this.root);
      this._watch();
    }

    /** On a narrow page one of tree, method, layers and timeline is shown at a time. */
    _views() {
      this.views = Object.entries(strings.views).map(([view, name]) => {
        const button = el('button', { type: 'button', class: 'ds-phase', 'data-view': view, 'aria-pressed': String(view === 'tree') }, name);
        button.addEventListener('click', () => this.see(view));
        return button;
      });
      return el('div', { class: 'ds-views ds-phases', role: 'group', 'aria-label': strings.view }, ...this.views);
    }

    /** On a narrow page, show this one of the views. */
    see(view) {
      this.body.setAttribute('data-view', view);
      for (const button of this.views) button.setAttribute('aria-pressed', String(button.getAttribute('data-view') === view));
      this._measure();
    }

    /** The method's view and the legend's words about leaving early are there only where the run has them. */
    _offer(scene) {
      const none = this.method.node.hidden;
      this.views.find((button) => button.getAttribute('data-view') === 'method').hidden = none;
      this.body.toggleAttribute('data-left', Boolean(scene && scene.grid.left));
      if (none && this.body.getAttribute('data-view') === 'method') this.see('tree');
    }

    _watch() {
      const sizes = new ResizeObserver(() => this._measure());
      const themes = new MutationObserver(() => this._recolour());
      sizes.observe(this.root);
      sizes.observe(this.scrubber.slider.parentElement); // it gives way to the Live button
      for (let at = this.root.parentElement; at; at = at.parentElement) {
        themes.observe(at, { attributes: true, attributeFilter: ['class', 'data-theme'] });
      }
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const onScheme = () => this._recolour();
      dark.addEventListener('change', onScheme);
      this._release = () => {
        sizes.disconnect();
        themes.disconnect();
        dark.removeEventListener('change', onScheme);
      };
    }

    destroy() {
      this.behind = false;
      this._release();
      this.root.remove();
    }

    /** All of it, at once. */
    draw(moving) {
      this.behind = false;
      this.milliseconds = this._draw([...this.leading, ...this.trailing], moving);
    }

    /** As a run comes in: where all of it takes longer than a frame, what is watched now, and the rest a little later. */
    drawLive() {
      if (this.milliseconds <= FRAME) {
        this.draw(false);
        return;
      }
      const led = this._draw(this.leading, false);
      if (this.behind) return;
      this.behind = true;
      setTimeout(() => {
        if (!this.behind) return; // drawn meanwhile
        this.behind = false;
        this.milliseconds = led + this._draw(this.trailing, false);
      }, WAIT);
    }

    /** Draw these panels; how many milliseconds it took. */
    _draw(panels, moving) {
      const { scene, state, player } = this.host;
      if (!state.palette) this._size();
      const began = performance.now();
      const step = scene && scene.steps.length ? scene.steps[state.step] : null;
      if (this.root.hasAttribute('data-moving') !== moving) this.root.toggleAttribute('data-moving', moving);
      // Only when it is used: a new value means new styles for everything below.
      if (moving) this.body.style.setProperty('--ds-beat', Math.min(60, 150 / (step ? step.nodes.length : 1)) / player.speed + 'ms');
      for (const panel of panels) panel.draw(scene, state);
      this._offer(scene);
      for (const panel of [this.text, this.tree]) panel.settle(); // reads sizes: last, so that they are worked out once
      return performance.now() - began;
    }

    _recolour() {
      const found = DraftScope.paletteOf(this.root);
      if (JSON.stringify(found) === JSON.stringify(this.host.state.palette)) return; // some other class changed
      this.host.state.palette = found;
      this.draw(false);
    }

    /** Into the state: all that a picture depends on besides the run. Panels that are not shown have no width. */
    _size() {
      const { state } = this.host;
      const width = this.root.clientWidth;
      const kind = width >= WIDE ? 'wide' : width >= MEDIUM ? 'medium' : 'narrow';
      this.root.className = 'ds-root ds-' + kind;
      state.compact = kind === 'narrow';
      const [tree, ...across] = [this.tree, this.method, this.timeline].map((panel) => innerWidth(panel.node));
      state.width = Math.max(...across, state.compact ? Math.max(tree, innerWidth(this.heatmap.node)) : 0, 0) || state.width;
      state.treeWidth = Math.max(tree, 0) || state.treeWidth;
      state.heatWidth = Math.max(innerWidth(this.heatmap.node), 0) || (state.compact ? state.width : state.heatWidth);
      state.mapWidth = Math.max(innerWidth(this.scrubber.slider.parentElement), 0) || state.mapWidth;
      state.palette = DraftScope.paletteOf(this.root);
    }

    _measure() {
      const { state } = this.host;
      const key = () => [state.width, state.treeWidth, state.heatWidth, state.mapWidth, state.compact].join();
      const before = key();
      this._size();
      if (before !== key()) this.draw(false);
    }
  }

  DraftScope.Stage = Stage;
})(window.DraftScope = window.DraftScope || {});
