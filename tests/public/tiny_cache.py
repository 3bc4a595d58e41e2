"""A cache folder whose embedded model is a tiny random one, so that the real `app.py` decodes in no time."""

from __future__ import annotations

import json
from pathlib import Path

from accel.models.embedded import FORMAT, MANIFEST, NAME, SOURCE
from tests.families import FAMILIES
from tests.tiny import tiny_tokenizer


def tiny_cache(folder: Path) -> Path:
    """Make it in `folder`, whole as the program judges its cache, and return it: for DRAFTSCOPE_CACHE."""
    model = folder / "models" / NAME
    model.mkdir(parents=True)
    FAMILIES["llama"]().save_pretrained(model)
    tiny_tokenizer().save_pretrained(model)
    files = {path.name: path.stat().st_size for path in model.iterdir()}
    manifest = {"format": FORMAT, "sha256": SOURCE.sha256, "files": files}
    (model / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder
