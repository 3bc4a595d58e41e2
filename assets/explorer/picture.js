// The view as one picture that stands alone, and the frames of a film of several steps.
(function (DraftScope) {
  'use strict';

  const { svg, strings } = DraftScope;
  const { heading, output, legend, words } = DraftScope.pictureBlocks;
  const MARGIN = 24;
  const GAP = 18;

  /** A panel's drawing, made anew at the picture's own width, beside whatever the page shows. */
  class Drawing {
    constructor(explorer, width) {
      const { root } = explorer.stage;
      this.scene = explorer.scene;
      this.width = width;
      const host = { state: null, tip: { show() {}, hide() {} }, select() {} };
      this.tree = new DraftScope.TreePanel(host);
      this.heatmap = new DraftScope.Heatmap(host);
      this.heatmap.canvas.ratio = 2;
      this.marks = svg('svg', {}); // where single marks get the page's styles
      this.box = DraftScope.el('div', { class: 'ds-offstage', 'aria-hidden': 'true' }, this.tree.node, this.marks);
      root.appendChild(this.box);
      this.host = host;
    }

    end() {
      this.box.remove();
    }

    stateOf(explorer, changed) {
      const state = { ...explorer.state, ...changed, compact: false, treeWidth: this.width, width: this.width };
      this.host.state = state;
      return state;
    }

    treeBlock(state) {
      this.tree.draw(this.scene, state);
      const drawn = this.tree.area.querySelector('svg');
      const [, , w, h] = drawn.getAttribute('viewBox').split(' ').map(Number);
      const scale = Math.min(1, this.width / w);
      const copy = DraftScope.inlined(drawn);
      return { height: h * scale, node: svg('g', { transform: 'scale(' + scale.toFixed(4) + ')' }, ...copy.childNodes) };
    }

    heatBlock(state) {
      this.heatmap.draw(this.scene, state);
      const { height } = this.heatmap.frame;
      return { height, node: svg('image', { width: this.width, height, href: this.heatmap.canvas.toDataURL('image/png') }) };
    }

    get about() { return this.tree.about.textContent; }
  }

  /** Blocks one under another on the surface's own colour, as an SVG element; `even`: as high as they may ever be. */
  function stacked(blocks, width, palette, even) {
    let y = MARGIN;
    const placed = blocks.map((block) => {
      const group = svg('g', { transform: 'translate(' + MARGIN + ' ' + y + ')' }, block.node);
      y += (even ? block.room || block.height : block.height) + GAP;
      return group;
    });
    const whole = { width: width + 2 * MARGIN, height: Math.ceil(y - GAP + MARGIN) };
    return svg('svg', { xmlns: 'http://www.w3.org/2000/svg', ...whole, viewBox: '0 0 ' + whole.width + ' ' + whole.height },
      svg('rect', { ...whole, fill: palette.surface }), ...placed);
  }

  /** The step that is shown, as an SVG element that stands alone. */
  DraftScope.picture = function picture(explorer, width = 1200) {
    const drawing = new Drawing(explorer, width);
    try {
      const state = drawing.stateOf(explorer, {});
      const tree = drawing.treeBlock(state);
      const titled = (text) => ({ height: 2, node: words(text, 0, 4, state.palette, { 'font-weight': 600, fill: state.palette.ink }) });
      return stacked([heading(drawing.scene, state, drawing.about, width), output(drawing.scene, state, width, 4),
        titled(strings.treeTitle), tree, titled(strings.heatTitle), drawing.heatBlock(state),
        legend(drawing.scene, state, width, drawing.marks)], width, state.palette);
    } finally {
      drawing.end();
    }
  };

  /** Frames of a film: each is the heading, the text and the tree, all of one size. */
  DraftScope.Film = class Film {
    constructor(explorer, from, to, width = 900) {
      this.explorer = explorer;
      this.drawing = new Drawing(explorer, width);
      this.width = width;
      this.room = 0;
      for (let step = from; step <= to; step++) {
        this.room = Math.max(this.room, this.drawing.treeBlock(this.drawing.stateOf(explorer, { step, phase: 'commit', slot: null })).height);
      }
    }

    frame(step, phase) {
      const { drawing, width, explorer } = this;
      const state = drawing.stateOf(explorer, { step, phase, slot: null });
      const tree = { ...drawing.treeBlock(state), room: this.room };
      return stacked([heading(drawing.scene, state, drawing.about, width), output(drawing.scene, state, width, 5), tree], width, state.palette, true);
    }

    end() {
      this.drawing.end();
    }
  };

  DraftScope.svgText = (node) => new XMLSerializer().serializeToString(node);

  /** An SVG drawing as a canvas, `ratio` pixels to a unit. */
  DraftScope.rasterised = async function rasterised(node, ratio) {
    const image = new Image();
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(DraftScope.svgText(node));
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(Number(node.getAttribute('width')) * ratio);
    canvas.height = Math.round(Number(node.getAttribute('height')) * ratio);
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
})(window.DraftScope = window.DraftScope || {});
