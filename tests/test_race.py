"""A race in the engine: whole runs kept, the middle round of each, compared with the model alone; Stop is heard."""

from __future__ import annotations

import pytest

from accel.race import Race
from accel.request import greedy_request
from tests.tiny import tiny


def requests(model, *methods):
    return [
        greedy_request(model, [5, 17, 42, 5, 17, 42], name, max_new_tokens=6, chat=False) for name in methods
    ]


def test_methods_take_turns_after_a_warm_up_and_one_whole_run_of_each_is_kept():
    model = tiny()
    race = Race(model, requests(model, "autoregressive", "suffix"), 3)
    laps = list(race)
    turns = list(dict.fromkeys((lap.round, lap.method) for lap in laps))
    assert turns == [(at, name) for at in range(4) for name in ("autoregressive", "suffix")]
    alone, suffix = race.traces()
    assert [len(t.tokens) for t in (alone, suffix)] == [6, 6]
    assert suffix.footer.parity.checked
    assert suffix.tokens == alone.tokens
    assert suffix.footer.baseline.seconds == pytest.approx(alone.metrics["seconds"])
    assert alone.metrics["speedup_measured"] == pytest.approx(1.0)
    assert suffix.metrics["speedup_measured"] == pytest.approx(
        suffix.metrics["tokens_per_second"] / alone.metrics["tokens_per_second"]
    )


def test_of_the_rounds_the_one_of_middle_time_is_kept():
    model = tiny()
    race = Race(model, requests(model, "suffix", "aded"), 3)
    list(race)
    rounds = sorted(trace.metrics["seconds"] for trace in race._runs[0])
    kept = race.traces()[0]
    assert kept.metrics["seconds"] == rounds[1]
    assert not kept.footer.parity.checked  # the model alone was not in it
    assert "speedup_measured" not in kept.metrics


def test_stop_is_heard_at_the_next_step():
    model = tiny()
    laps = []
    race = Race(
        model,
        requests(model, "autoregressive", "suffix"),
        1,
        stopping=lambda: "cancelled" if len(laps) >= 3 else None,
    )
    for lap in race:
        laps.append(lap)
    assert race.stopped
    assert len(laps) == 3
