"""DraftScope: the page. `python app.py` serves it on 127.0.0.1:7860; see README.md."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from time import sleep
from types import FrameType

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import gradio as gr
from starlette.middleware import Middleware

from accel.models import catalogue
from accel.models.progress import bar
from accel.models.unavailable import ModelUnavailable
from visuals.explorer import page_css, page_js
from visuals.page import words
from visuals.page.api import wire_api
from visuals.page.at_rest import AtRest
from visuals.page.component import copy_link
from visuals.page.doors import Doors
from visuals.page.engine import missing_engine
from visuals.page.event_queue import MAX_EVENTS, guard
from visuals.page.explore import explore
from visuals.page.hiding import HIDING
from visuals.page.learn import learn
from visuals.page.limits import CLOSING, BadLimit, limits
from visuals.page.line import RUNS
from visuals.page.look import STYLE, theme
from visuals.page.race import race_tab
from visuals.page.recorded import recorded_in
from visuals.page.room import page_room
from visuals.page.session_state import forget_values
from visuals.page.traces import traces, wire_address
from visuals.page.tune import tune

TRACES = Path(__file__).resolve().parent / "assets" / "traces"
RACES = Path(__file__).resolve().parent / "assets" / "races"
LESSONS = Path(__file__).resolve().parent / "assets" / "lessons"
ENDING = (
    8.0  # seconds a run may take to stop; platforms kill a process ten seconds after they asked it to end
)


def recorded_races() -> dict[str, list[Path]]:
    """The races that ship with the app: the traces of each, by the title in its folder's name, in order."""
    return {
        folder.name.partition("-")[2].replace("-", " "): sorted(folder.glob("*.jsonl"))
        for folder in sorted(RACES.iterdir())
    }


def build() -> gr.Blocks:
    """The whole page; no model is loaded."""
    kept = limits().session_minutes * 60  # seconds: files that were uploaded or exported go after as long
    with gr.Blocks(title=words.TITLE, analytics_enabled=False, delete_cache=(60, kept)) as page:
        with gr.Row(elem_classes=["ds-top"]):
            gr.HTML(f"<h1>{words.TITLE}</h1><p>{words.LEAD}</p>", elem_classes=["ds-head"])
            copy_link()
        runs = recorded_in(TRACES)
        with gr.Tabs(elem_id="tabs", selected="explore") as tabs:
            with gr.Tab(words.EXPLORE, id="explore"):
                shown = explore(runs)
            with gr.Tab(words.TUNE, id="tune"):
                tune(shown, tabs)
            with gr.Tab(words.RACE, id="race"):
                race_tab(recorded_races(), {run.title: run.path for run in runs.values()})
            with gr.Tab(words.LEARN, id="learn"):
                learn(LESSONS, runs)
            with gr.Tab(words.TRACES, id="traces"):
                traces(runs, shown, tabs)
        wire_address(page, runs, shown, tabs)
        wire_api(runs)
    page.queue(max_size=MAX_EVENTS, default_concurrency_limit=16, api_open=False)
    guard(page)
    forget_values()
    return page


def bring_default_model() -> None:
    """Fetch and convert the embedded model while the page already plays recorded runs."""
    if (missing := missing_engine()) is not None:
        print(words.NO_ENGINE.format(package=missing), file=sys.stderr)
        return
    try:
        with bar() as tell:

            def told(stage: str, fraction: float) -> None:
                if CLOSING.is_set():
                    sys.exit()  # ends this thread alone, and removes what it had begun
                tell(stage, fraction)

            catalogue.folder(limits().models[0], progress=told)
    except ModelUnavailable as error:
        print(f"{error}\nRecorded runs can be played; Run will try again.", file=sys.stderr)


def serve(page: gr.Blocks) -> None:
    """Serve the page until it is interrupted."""
    page.launch(
        theme=theme(),
        css=page_css() + STYLE,
        head=f"<style>{HIDING}</style><script>{page_js()}</script>",
        show_error=False,
        footer_links=[],
        ssr_mode=False,
        run_history=False,
        max_file_size="20mb",
        enable_monitoring=False,
        app_kwargs={"middleware": [Middleware(Doors), Middleware(AtRest)]},
        state_session_capacity=limits().sessions,
        mcp_server=find_spec("mcp") is not None,
        quiet=False,
        prevent_thread_lock=True,
    )
    while not CLOSING.is_set():
        sleep(0.1)
    # A thread in the middle of a product, when the interpreter ends, aborts the process.
    RUNS.wait_until_empty(ENDING)
    page.close()


def close(kind: int, _: FrameType | None) -> None:
    """A signal to end: runs stop at their next step, then the server does; a second one ends the process at once.

    Nothing is raised: whatever this interrupts, be it an import, would have to let the exception through.
    """
    CLOSING.set()
    signal.signal(kind, signal.SIG_DFL)


def main() -> None:
    try:
        limits()
    except BadLimit as error:
        sys.exit(str(error))
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, close)
    bringing = Thread(target=bring_default_model, name="bring-model", daemon=True)
    with page_room() as room:
        os.environ.setdefault("GRADIO_TEMP_DIR", room)
        try:
            page = build()
        except OSError as error:
            sys.exit(words.NO_ROOM.format(folder=os.environ["GRADIO_TEMP_DIR"], reason=error.strerror))
        bringing.start()
        if not CLOSING.is_set():
            serve(page)
    end(bringing)


def end(bringing: Thread) -> None:
    """End the process with status 0, also where a model is still being loaded, which hears no Stop."""
    if bringing.is_alive():
        bringing.join(ENDING)
    if bringing.is_alive() or not RUNS.wait_until_empty(0):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
