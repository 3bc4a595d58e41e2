"""A page that is served below a path, whose server was not told: it opens, but nothing in it works. Here it says so."""

from __future__ import annotations

import json

from visuals.page import words

SCRIPT = """(() => {
  const tell = () => {
    const bare = (path) => path.replace(/\\/+$/, '');
    const config = window.gradio_config;
    if (!config || !config.root) return;
    const [here, told] = [bare(location.pathname), bare(new URL(config.root, location.href).pathname)];
    if (here === told) return;
    const said = document.createElement('p');
    said.id = 'below-a-path';
    said.setAttribute('role', 'alert');
    said.style.cssText = 'margin:0;padding:.75rem 1rem;background:#b3261e;color:#fff;font:16px sans-serif';
    said.textContent = WORDS.replaceAll('{path}', here || '/');
    document.body.prepend(said);
  };
  // gradio puts this script into pages that may be there already.
  if (document.readyState === 'loading') window.addEventListener('DOMContentLoaded', tell);
  else tell();
})();""".replace("WORDS", json.dumps(words.BELOW_A_PATH))
