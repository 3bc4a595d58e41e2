// A sharp canvas and the colours to draw with, read from the page's CSS variables.
(function (DraftScope) {
  'use strict';

  // Cividis (Nunez 2018): evenly perceived lightness, the same with and without colour blindness.
  const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120],
    [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];

  const SHADES = 512; // worked out once: a heatmap asks for thousands at every step

  const RAMP = Array.from({ length: SHADES }, (_, shade) => {
    const at = shade / (SHADES - 1) * (CIVIDIS.length - 1);
    const low = Math.min(CIVIDIS.length - 2, Math.floor(at));
    const mix = CIVIDIS[low].map((channel, i) => Math.round(channel + (CIVIDIS[low + 1][i] - channel) * (at - low)));
    return 'rgb(' + mix.join(',') + ')';
  });

  DraftScope.cividis = (value) => RAMP[Math.round(Math.max(0, Math.min(1, value)) * (SHADES - 1))];

  /** The colours of the theme the element is in. */
  DraftScope.paletteOf = function paletteOf(element) {
    const style = getComputedStyle(element);
    const found = {};
    for (const name of ['surface', 'sunken', 'line', 'edge', 'ink', 'muted', 'accent', 'drafted', 'accepted', 'rejected',
      'unreached', 'bonus', 'left-early', 'ran', 'ran-draft']) {
      found[name] = style.getPropertyValue('--ds-' + name).trim() || '#888888';
    }
    Object.assign(found, { committed: found.muted, plain: found.ink, recovered: found.bonus,
      sans: style.getPropertyValue('--ds-sans').trim() || 'sans-serif', mono: style.getPropertyValue('--ds-mono').trim() || 'monospace' });
    return found;
  };

  /** Size the canvas for the screen's pixels (or for its own `ratio`) and clear it; returns a context in CSS pixels. */
  DraftScope.prepare = function prepare(canvas, width, height) {
    const ratio = canvas.ratio || window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.width = width + 'px';
      canvas.style.height = height + 'px';
    }
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  };

  /** Where a pointer is on an element, in CSS pixels. */
  DraftScope.pointIn = function pointIn(element, event) {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  DraftScope.hatch = function hatch(context, x, y, w, h, colour) {
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = x - h; at < x + w; at += 4) {
      context.moveTo(at, y + h);
      context.lineTo(at + h, y);
    }
    context.stroke();
    context.restore();
  };
})(window.DraftScope = window.DraftScope || {});
