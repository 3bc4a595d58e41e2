// Nearer and further, back and forth along the timeline: buttons, keys, the wheel, a drag. `host.view(zoom, pan)` keeps both.
(function (DraftScope) {
  'use strict';

  const { el, strings } = DraftScope;
  const FURTHEST = 1 / 32;
  const NEAREST = 16;
  const STRIDE = 60; // pixels that an arrow key moves

  class Zoom {
    constructor(host, canvas, reach) {
      this.host = host;
      this.reach = reach; // how far back the picture can go, in pixels
      this.buttons = [[strings.zoomOut, '−', 0.5], [strings.zoomIn, '+', 2]].map(([name, sign, factor]) => {
        const button = el('button', { type: 'button', class: 'ds-button', 'aria-label': name, title: name }, sign);
        button.addEventListener('click', () => this.by(factor));
        return button;
      });
      this.node = el('span', { class: 'ds-zoom', role: 'group', 'aria-label': strings.zoom }, ...this.buttons);
      canvas.addEventListener('keydown', (event) => this._key(event));
      canvas.addEventListener('wheel', (event) => this._wheel(event), { passive: false });
      canvas.addEventListener('pointerdown', (event) => this._grab(canvas, event));
    }

    draw({ zoom }) {
      this.buttons[0].disabled = zoom <= FURTHEST;
      this.buttons[1].disabled = zoom >= NEAREST;
    }

    by(factor) {
      const { zoom, pan } = this.host.state;
      const next = Math.max(FURTHEST, Math.min(NEAREST, zoom * factor));
      this.host.view(next, pan * next / zoom);
    }

    back(pixels) {
      const { zoom, pan } = this.host.state;
      this.host.view(zoom, Math.max(0, Math.min(this.reach(), pan + pixels)));
    }

    _key(event) {
      const actions = { '+': () => this.by(2), '=': () => this.by(2), '-': () => this.by(0.5), 0: () => this.host.view(1, 0),
        ArrowLeft: () => this.back(STRIDE), ArrowRight: () => this.back(-STRIDE) };
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      action();
    }

    /** With Ctrl, as a pinch also sends it, nearer and further; sideways, along. A plain wheel scrolls the page. */
    _wheel(event) {
      if (event.ctrlKey || event.metaKey) this.by(event.deltaY < 0 ? 1.25 : 0.8);
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.back(-event.deltaX);
      else return;
      event.preventDefault();
    }

    _grab(canvas, down) {
      let last = down.clientX;
      const move = (event) => {
        this.dragged = this.dragged || Math.abs(event.clientX - down.clientX) > 4;
        if (this.dragged) this.back(event.clientX - last);
        last = event.clientX;
      };
      const drop = () => {
        canvas.removeEventListener('pointermove', move);
        canvas.removeEventListener('pointerup', drop);
        canvas.removeEventListener('pointercancel', drop);
      };
      this.dragged = false;
      canvas.setPointerCapture(down.pointerId);
      canvas.addEventListener('pointermove', move);
      canvas.addEventListener('pointerup', drop);
      canvas.addEventListener('pointercancel', drop);
    }
  }

  DraftScope.Zoom = Zoom;
})(window.DraftScope = window.DraftScope || {});
