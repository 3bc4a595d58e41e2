"""What strangers are allowed: read from the environment, refused in one line where it makes no sense, documented."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import partial
from threading import Event

import gradio as gr
import pytest

from accel.errors import InputError
from accel.models.catalogue import CATALOGUE
from tests.browser.served import ROOT
from tests.page.test_inputs import form, race_form
from visuals.page import limits as limits_module
from visuals.page import unread as unread_module
from visuals.page.inputs import check_asked, check_race
from visuals.page.limits import HOSTS, LIMITS, MODELS, OFFERED, PUBLIC, BadLimit, limits, stopping_for
from visuals.page.rate import ADDRESSES, Rate, TooOften, count_run
from visuals.page.unread import FORGOTTEN, Unread

HOSTING = ROOT / "docs" / "hosting.md"


def test_a_private_page_and_a_public_one_have_their_own_limits():
    private, public = limits({}), limits({PUBLIC: "1"})
    assert (private.public, public.public) == (False, True)
    assert private.models == tuple(CATALOGUE)
    assert public.models == OFFERED
    assert (public.waiting, private.run_seconds, private.runs_per_minute) == (16, 0, 0)
    for name, limit in LIMITS.items():
        assert getattr(private, name) == limit.private
        assert getattr(public, name) == limit.public
        assert limit.low <= limit.public <= limit.high
        assert limit.low <= limit.private <= limit.high
        assert getattr(limits({limit.variable: f" {limit.high} "}), name) == limit.high
    assert limits({MODELS: "openai-community/gpt2, smollm2-135m"}).models == (
        "openai-community/gpt2",
        "smollm2-135m",
    )


BAD = [
    (PUBLIC, ["yes", "2", "true"]),
    (MODELS, ["nothing/such", ",", "/etc", "smollm2-135m,../x"]),
    *[
        (limit.variable, ["-1", "1.5", "many", str(limit.high + 1), "9" * 50, "٣", "nan"])
        for limit in LIMITS.values()
    ],
]


@pytest.mark.parametrize(("variable", "value"), [(name, value) for name, values in BAD for value in values])
def test_a_bad_value_is_refused_in_one_line_that_names_the_variable(variable, value):
    with pytest.raises(BadLimit) as refused:
        limits({variable: value})
    assert variable in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_the_page_does_not_start_with_a_bad_value():
    env = {**os.environ, "DRAFTSCOPE_RUN_SECONDS": "soon"}
    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("DRAFTSCOPE_RUN_SECONDS='soon' is not a whole number from 0 to 3600")
    assert ended.stdout == ""


def test_every_value_a_stranger_sends_is_held_to_the_limits(monkeypatch):
    monkeypatch.setenv(PUBLIC, "1")
    monkeypatch.setenv("DRAFTSCOPE_MAX_NEW_TOKENS", "50")
    assert check_asked(form(max_new_tokens=50)).max_new_tokens == 50
    for check, sent in ((check_asked, form), (check_race, partial(race_form, dtype="auto"))):
        with pytest.raises(InputError, match="max_new_tokens"):
            check(sent(max_new_tokens=51))
        with pytest.raises(InputError, match="8,000"):
            check(sent(prompt="x" * 8001, max_new_tokens=8))
        with pytest.raises(InputError, match="model"):
            check(sent(model="openai-community/gpt2", max_new_tokens=8))  # in the catalogue, not on the list


def test_the_time_of_a_run_is_up_at_its_first_step_after_it(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(limits_module, "monotonic", lambda: now[0])
    monkeypatch.setenv("DRAFTSCOPE_RUN_SECONDS", "5")
    stop = Event()
    stopping = stopping_for(stop)
    shorter = stopping_for(stop, 2.0)
    now[0] = 102.0
    assert (stopping(), shorter()) == (None, "deadline")
    now[0] = 105.0
    assert stopping() == "deadline"
    stop.set()
    assert stopping() == "cancelled"
    monkeypatch.setenv("DRAFTSCOPE_RUN_SECONDS", "0")
    endless = stopping_for(Event())
    now[0] = 1e9
    assert endless() is None


def test_an_address_begins_so_many_runs_and_is_told_when_the_next_may_begin():
    now = [0.0]
    rate = Rate(lambda: now[0])
    for _ in range(6):
        rate.take("a", 6)
    with pytest.raises(TooOften, match=r"6 a minute are allowed. Try again in 10 seconds"):
        rate.take("a", 6)
    rate.take("b", 6)  # another address has a bucket of its own
    now[0] = 10.0
    rate.take("a", 6)
    with pytest.raises(TooOften):
        rate.take("a", 6)
    for _ in range(9):
        rate.take("a", 0)  # no limit


def test_addresses_are_forgotten_and_do_not_pile_up():
    rate = Rate()
    for at in range(ADDRESSES + 50):
        rate.take(str(at), 5)
    assert len(rate) == ADDRESSES


def test_a_press_of_run_is_counted(monkeypatch):
    monkeypatch.setenv("DRAFTSCOPE_RUNS_PER_MINUTE", "2")
    monkeypatch.setattr("visuals.page.rate.RATE", Rate())
    request = gr.Request(client={"host": "192.0.2.1"}, headers={})
    count_run(request)
    count_run(request)
    with pytest.raises(TooOften):
        count_run(request)


def variables_table() -> str:
    """The limits as docs/hosting.md shows them."""
    rows = ["| variable | what | allowed | private page | public page |", "|---|---|---|---|---|"]
    rows.append(f"| `{PUBLIC}` | 1 where strangers may come, 0 where none can | 0, 1 | 0 | 1 |")
    rows.append(
        f"| `{HOSTS}` | host names that the page answers to, commas between | names | localhost | any |"
    )
    about = "models offered, commas between; the first opens | the catalogue | all of it"
    rows.append(f"| `{MODELS}` | {about} | {', '.join(f'`{name}`' for name in OFFERED)} |")
    for limit in LIMITS.values():
        bounds = f"{limit.low} to {limit.high}"
        rows.append(f"| `{limit.variable}` | {limit.about} | {bounds} | {limit.private} | {limit.public} |")
    return "\n".join(rows)


def test_the_documents_table_is_made_from_the_code():
    shown = re.search(r"<!-- limits -->\n(.*?)\n<!-- /limits -->", HOSTING.read_text(encoding="utf-8"), re.S)
    assert shown is not None
    assert shown[1] == variables_table(), "run: make docs"


KEPT = """
import gradio, json
from app import build
page = build()
times = [block.time_to_live for block in page.blocks.values() if isinstance(block, gradio.State)]
print(json.dumps([times, page.delete_cache, type(page._queue.pending_messages_per_session).__name__]))
"""


@pytest.mark.case(15, 18)
def test_what_a_tab_keeps_has_a_time_to_live():
    env = {**os.environ, PUBLIC: "1", "DRAFTSCOPE_SESSION_MINUTES": "7"}
    told = subprocess.run([sys.executable, "-c", KEPT], cwd=ROOT, env=env, capture_output=True, timeout=120)
    times, files, unread = json.loads(told.stdout)
    assert len(times) >= 3
    assert set(times) == {7 * 60}
    assert files == [60, 7 * 60]
    assert unread == "Unread"


@pytest.mark.case(15, 18)
def test_the_tab_that_nobody_asked_for_longest_is_forgotten_first():
    held = Unread(3)
    for tab in ("listens", "left", "newer"):
        held[tab] = []
    assert "listens" in held  # as a stream asks before every message
    held["another"] = []
    assert list(held) == ["newer", "listens", "another"]
    held["newer"] = [1]  # known: nothing goes
    assert held["newer"] == [1]
    assert len(held) == 3


@pytest.mark.case(15, 18)
def test_of_tabs_that_have_left_the_newest_are_kept_for_some_minutes():
    now = [0.0]
    held = Unread(clock=lambda: now[0])
    held["left"], held["listens"], held["ended"] = [], [], []
    del held["ended"]
    now[0] = 15.0
    assert "listens" in held
    now[0] = 31.0
    held["new"] = []
    assert list(held)[:2] == ["left", "listens"]  # a program may yet fetch its answer
    for at in range(unread_module.KEPT + 1):
        held[f"left {at}"] = []
    now[0] = 70.0
    assert "listens" in held
    held["newest"] = []
    assert "left" not in held
    assert "listens" in held
    assert len(held) == unread_module.KEPT + 2
    now[0] = 70.0 + FORGOTTEN
    held["last"] = []
    assert list(held) == ["last"]


@pytest.mark.case(15, 18)
def test_a_tab_with_an_event_is_never_forgotten_and_a_message_to_no_tab_goes_nowhere():
    now, busy, forgotten = [0.0], {"waits"}, list[str]()
    held = Unread(2, lambda: now[0], lambda: busy, forgotten.append)
    held["waits"], held["left"], held["new"] = [], [], []
    assert list(held) == ["waits", "new"]
    now[0] = 10 * FORGOTTEN
    held["newer"] = []
    assert list(held) == ["waits", "newer"]
    assert forgotten == ["left", "new"]
    held["left"].put_nowait("lost")
    assert "left" not in held
    del held["left"]
