"""DraftScope: the page. `python app.py` serves it on 127.0.0.1:7860; see README.md."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from time import sleep
from types import FrameType

from visuals.page.limits import CLOSING, PUBLIC, BadLimit, limits, reached_by_strangers
from visuals.page.startup import choose_address, prepare, without_proxies

try:
    prepare(os.environ)  # before gradio is imported: it reads the environment as it is imported
    if __name__ == "__main__":
        limits()
        choose_address(os.environ)
except BadLimit as error:
    sys.exit(str(error))
with without_proxies(os.environ):  # it makes a client as it is imported
    import gradio as gr
    from gradio import http_server

from starlette.middleware import Middleware

from accel.models import catalogue
from accel.models.progress import bar
from accel.models.unavailable import ModelUnavailable
from visuals.explorer import page_css, page_js
from visuals.page import words
from visuals.page.address import wire_address
from visuals.page.api import wire_api
from visuals.page.at_rest import AtRest
from visuals.page.checked_blocks import CheckedBlocks
from visuals.page.component import copy_link
from visuals.page.connections import start_upkeep
from visuals.page.engine import missing_engine
from visuals.page.event_queue import MAX_EVENTS, guard
from visuals.page.explore import explore
from visuals.page.failures import bound_logs
from visuals.page.guards import guarded
from visuals.page.hiding import HIDING
from visuals.page.kept import keep, tell_of_lost_runs
from visuals.page.learn import learn
from visuals.page.line import RUNS
from visuals.page.look import STYLE, theme
from visuals.page.mcp_text import answer_in_json, is_offered
from visuals.page.race import race_tab
from visuals.page.recorded import recorded_in
from visuals.page.room import page_room
from visuals.page.session_state import forget_values
from visuals.page.subpath import SCRIPT as SUBPATH
from visuals.page.traces import traces
from visuals.page.tune import tune
from visuals.page.upload_folder import UploadFolder
from visuals.page.uploads import MAX_TRACE_BYTES

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


@contextmanager
def upload_folder() -> Iterator[UploadFolder]:
    """A folder for what visitors upload and export, gone with the server. Raises OSError where none can be made."""
    parent = os.environ.get("GRADIO_TEMP_DIR") or None
    if parent is not None:
        Path(parent).mkdir(parents=True, exist_ok=True)
    kept = limits()
    with page_room(parent) as room:
        uploads = Path(room) / "uploads"
        uploads.mkdir()
        os.environ["GRADIO_TEMP_DIR"] = str(uploads)  # gradio asks for it when it needs it
        yield UploadFolder(uploads, kept.session_minutes * 60, kept.upload_megabytes * 1_000_000)


def build() -> gr.Blocks:
    """The whole page; no model is loaded."""
    kept = limits().session_minutes * 60  # seconds: files that were uploaded or exported go after as long
    with CheckedBlocks(title=words.TITLE, analytics_enabled=False, delete_cache=(60, kept)) as page:
        with gr.Row(elem_classes=["ds-top"]):
            gr.HTML(f"<h1>{words.TITLE}</h1><p>{words.LEAD}</p>", elem_classes=["ds-head"])
            copy_link()
        runs = recorded_in(TRACES)
        with gr.Tabs(elem_id="tabs", selected="explore") as tabs:
            with gr.Tab(words.EXPLORE, id="explore"):
                shown = explore(runs)
            with gr.Tab(words.TUNE, id="tune"):
                tuned = tune(shown, tabs)
            with gr.Tab(words.RACE, id="race"):
                raced = race_tab(recorded_races(), {run.title: run.path for run in runs.values()})
            with gr.Tab(words.LEARN, id="learn"):
                lessons = learn(LESSONS, runs)
            with gr.Tab(words.TRACES, id="traces"):
                traces(runs, shown, tabs)
        keep(page, {"explore": shown.values, "tune": tuned, "race": raced})
        tell_of_lost_runs(wire_address(page, runs, lessons, shown, tabs), shown.shown[1])
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


def launch(page: gr.Blocks, folder: UploadFolder | None) -> None:
    """Start the server, in threads of its own. Raises BadLimit where the address cannot be had."""
    address = choose_address(os.environ)
    if address.note is not None:
        print(address.note, file=sys.stderr)
    if ":" in address.host:
        http_server.LOCALHOST_NAME = (
            "127.0.0.1"  # gradio tries ports with an IPv4 socket, which takes no such name
        )
    if is_offered():
        answer_in_json()
    with without_proxies(os.environ):
        page.launch(
            server_name=f"[{address.host}]" if ":" in address.host else address.host,
            server_port=address.port,
            theme=theme(),
            css=page_css() + STYLE,
            head=f"<style>{HIDING}</style><script>{page_js()}{SUBPATH}</script>",
            show_error=False,
            footer_links=[],
            ssr_mode=False,
            run_history=False,
            max_file_size=f"{MAX_TRACE_BYTES // 1_000_000}mb",
            enable_monitoring=False,
            app_kwargs={"middleware": [Middleware(AtRest)], "lifespan": guarded(page.fns, folder)},
            state_session_capacity=limits().sessions,
            mcp_server=is_offered(),
            quiet=False,
            prevent_thread_lock=True,
        )


def serve(
    page: gr.Blocks, folder: UploadFolder | None = None, served: Callable[[], None] | None = None
) -> None:
    """Serve the page until it is interrupted.

    Args:
        page: as `build` makes it.
        folder: where uploads go, if nothing but this page uses it.
        served: called once, when the page has answered.
    """
    try:
        launch(page, folder)
    except (BadLimit, OSError) as error:  # OSError where the port was taken in between
        sys.exit(str(error))
    bound_logs()
    start_upkeep(page.server, folder)
    if served is not None:
        served()
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
    if limits().public and PUBLIC not in os.environ:
        print(words.PUBLIC_HERE.format(reason=reached_by_strangers()), file=sys.stderr)
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, close)
    bringing = Thread(target=bring_default_model, name="bring-model", daemon=True)
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(upload_folder())
            page = build()
        except OSError as error:
            where = os.environ.get("GRADIO_TEMP_DIR") or os.environ.get("TMPDIR") or "the temporary folder"
            sys.exit(words.NO_ROOM.format(folder=where, reason=error.strerror))
        if not CLOSING.is_set():
            serve(page, folder, bringing.start)
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
