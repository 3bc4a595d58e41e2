// A film of a few steps, made frame by frame in the browser: it can be watched in progress and broken off.
(function (DraftScope) {
  'use strict';

  const MOST_STEPS = 60;
  const HUNDREDTHS = { draft: 60, verify: 60, commit: 80 }; // how long a phase stays; slower than playing, to be read
  const LAST = 240;
  const SAMPLES = 6; // frames whose colours make the palette

  /** [[step, phase], ...] of a range; a step without a draft has only its end. */
  function momentsOf(scene, from, to) {
    const found = [];
    for (let step = from; step <= to; step++) {
      const drafted = scene.steps[step].nodes.some((node) => node[5] !== null);
      for (const phase of drafted ? DraftScope.PHASES : ['commit']) found.push([step, phase]);
    }
    return found;
  }

  async function pixelsOf(film, [step, phase]) {
    const canvas = await DraftScope.rasterised(film.frame(step, phase), 1);
    return canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
  }

  /** The film as a GIF's bytes, or null when `signal` broke it off. `onProgress(done, of)` after every frame. */
  async function film(explorer, from, to, { onProgress, signal }) {
    const made = new DraftScope.Film(explorer, from, to);
    try {
      const moments = momentsOf(explorer.scene, from, to);
      const every = Math.max(1, Math.floor(moments.length / SAMPLES));
      const samples = [];
      for (const moment of moments.filter((_, at) => at % every === 0)) samples.push(await pixelsOf(made, moment));
      const gif = new DraftScope.Gif(samples[0].width, samples[0].height, samples);
      for (const [at, moment] of moments.entries()) {
        if (signal.aborted) return null;
        gif.add(await pixelsOf(made, moment), at === moments.length - 1 ? LAST : HUNDREDTHS[moment[1]]);
        onProgress(at + 1, moments.length);
        await new Promise((resolve) => { setTimeout(resolve); }); // let the page breathe, and Cancel be pressed
      }
      return gif.finish();
    } finally {
      made.end();
    }
  }

  DraftScope.film = film;
  DraftScope.MOST_FILM_STEPS = MOST_STEPS;
})(window.DraftScope = window.DraftScope || {});
