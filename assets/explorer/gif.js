// An animated GIF (GIF89a) written frame by frame: one palette, and of each frame only the part that changed.
(function (DraftScope) {
  'use strict';

  const COLOURS = 256;
  const MOST_CODES = 4096;

  /** The most frequent colours of some frames (`ImageData`), as 0xRRGGBB. */
  function paletteOf(frames) {
    const counts = new Map();
    for (const { data } of frames) {
      for (let at = 0; at < data.length; at += 4) {
        const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
        counts.set(colour, (counts.get(colour) || 0) + 1);
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1]).slice(0, COLOURS).map(([colour]) => colour);
  }

  const distance = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

  /** The image data of a GIF: codes of growing width (LZW), in blocks of at most 255 bytes. */
  function compress(indices, push) {
    const clear = COLOURS;
    const end = COLOURS + 1;
    const table = new Uint16Array(MOST_CODES * COLOURS); // [code of a prefix, next index] -> code
    let [next, width, bits, held] = [end + 1, 9, 0, 0];
    let block = [];
    const flush = () => {
      if (block.length) push(block.length, ...block);
      block = [];
    };
    const write = (code) => {
      held |= code << bits;
      bits += width;
      while (bits >= 8) {
        block.push(held & 255);
        held >>= 8;
        bits -= 8;
        if (block.length === 255) flush();
      }
    };
    write(clear);
    let prefix = indices[0];
    for (let at = 1; at < indices.length; at++) {
      const key = prefix * COLOURS + indices[at];
      if (table[key]) {
        prefix = table[key];
        continue;
      }
      write(prefix);
      if (next === MOST_CODES) {
        write(clear);
        table.fill(0);
        [next, width] = [end + 1, 9];
      } else {
        if (next === 1 << width) width += 1;
        table[key] = next;
        next += 1;
      }
      prefix = indices[at];
    }
    write(prefix);
    if (next === 1 << width && width < 12) width += 1; // the reader has added one more code by now
    write(end);
    if (bits) block.push(held & 255);
    flush();
    push(0);
  }

  class Gif {
    /** `samples` are frames whose colours stand for all. */
    constructor(width, height, samples) {
      this.width = width;
      this.height = height;
      this.palette = paletteOf(samples);
      this.index = new Map(this.palette.map((colour, at) => [colour, at]));
      this.before = null;
      this.bytes = [];
      this._push(...Array.from('GIF89a', (sign) => sign.charCodeAt(0)), ...this._words(width, height), 0xf7, 0, 0);
      for (let at = 0; at < COLOURS; at++) {
        const colour = this.palette[at] || 0;
        this._push(colour >> 16, (colour >> 8) & 255, colour & 255);
      }
      this._push(0x21, 0xff, 11, ...Array.from('NETSCAPE2.0', (sign) => sign.charCodeAt(0)), 3, 1, 0, 0, 0); // again and again
    }

    _push(...bytes) {
      for (const byte of bytes) this.bytes.push(byte);
    }

    _words(...values) {
      return values.flatMap((value) => [value & 255, value >> 8]);
    }

    _indexOf(colour) {
      let at = this.index.get(colour);
      if (at === undefined) {
        at = 0;
        this.palette.forEach((known, i) => { if (distance(known, colour) < distance(this.palette[at], colour)) at = i; });
        this.index.set(colour, at);
      }
      return at;
    }

    /** Add a frame that stays for `delay` hundredths of a second. */
    add({ data }, delay) {
      const indices = new Uint8Array(this.width * this.height);
      let [last, index] = [-1, 0];
      for (let at = 0; at < indices.length; at++) {
        const colour = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
        if (colour !== last) [last, index] = [colour, this._indexOf(colour)];
        indices[at] = index;
      }
      const { x, y, w, h } = this._changed(indices);
      const part = new Uint8Array(w * h);
      for (let row = 0; row < h; row++) part.set(indices.subarray((y + row) * this.width + x, (y + row) * this.width + x + w), row * w);
      this._push(0x21, 0xf9, 4, 4, ...this._words(delay), 0, 0, 0x2c, ...this._words(x, y, w, h), 0, 8);
      compress(part, (...bytes) => this._push(...bytes));
      this.before = indices;
    }

    /** The smallest box outside which nothing changed; one pixel where nothing did. */
    _changed(indices) {
      const { before, width, height } = this;
      if (!before) return { x: 0, y: 0, w: width, h: height };
      let [left, right, top, bottom] = [width, -1, height, -1];
      for (let at = 0; at < indices.length; at++) {
        if (indices[at] === before[at]) continue;
        const [x, y] = [at % width, Math.floor(at / width)];
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
      }
      return right < 0 ? { x: 0, y: 0, w: 1, h: 1 } : { x: left, y: top, w: right - left + 1, h: bottom - top + 1 };
    }

    /** The whole file. */
    finish() {
      return new Uint8Array([...this.bytes, 0x3b]);
    }
  }

  DraftScope.Gif = Gif;
})(window.DraftScope = window.DraftScope || {});
