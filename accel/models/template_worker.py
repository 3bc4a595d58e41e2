"""The process that renders chat templates: a line of JSON in, a line of JSON out. Started by chat_template.py.

A template is a program of the model's author. Inside the engine's own process neither a loop in it nor a text that
doubles could be stopped; here the one ends with the process, the other at a bound on its memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MEMORY = 512 << 20  # bytes that a rendering may take
MOST_CHARS = 4_000_000  # of what is rendered


def serve() -> None:
    """Answer until standard input is closed."""
    from transformers.utils.chat_template_utils import render_jinja_template

    answers, sys.stdout = sys.stdout, sys.stderr  # nothing else may write between the answers
    _bound_memory()
    answers.write("{}\n")  # ready
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(_answer(render_jinja_template, json.loads(line))) + "\n")
        answers.flush()


def _answer(render: Any, asked: dict[str, Any]) -> dict[str, str]:
    """What is rendered as `text`, or why nothing is as `error`."""
    try:
        rendered, _ = render(
            conversations=[asked["messages"]],
            chat_template=asked["template"],
            add_generation_prompt=True,
            **asked["tokens"],
        )
        text = str(rendered[0])
    except MemoryError:
        return {"error": f"it takes more than {MEMORY >> 20} MB of memory"}
    except Exception as error:  # whatever its author wrote
        return {"error": " ".join(str(error).split())[:200] or type(error).__name__}
    return {"text": text} if len(text) <= MOST_CHARS else {"error": f"it gives {len(text):,} characters"}


def _bound_memory() -> None:
    """What this process may have from now on, where the system can bound it (Linux; elsewhere time alone does)."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    serve()
