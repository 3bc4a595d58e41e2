"""Fitting exit heads from the page: the work in a thread of its own, its progress told as it goes, Stop in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread

from accel.errors import InputError
from accel.head_fitting import TOKENS, fit_heads, layers_of_heads
from accel.models.load import load
from accel.models.model import Model
from visuals.page import tune_words as words
from visuals.page.limits import is_public
from visuals.page.measuring import Told


@dataclass
class Fitter:
    """One browser tab: the fit that it may stop. Never shared."""

    stop: Event = field(default_factory=Event)


class Stopped(Exception):
    """Raised inside the work when the visitor wants no more of it."""


Item = Told | tuple[int, ...] | BaseException


def fitting(stop: Event, name: str, device: str, dtype: str) -> Iterator[Told]:
    """Load the model, fit heads where it has none. InputError on a public server, whose cache all visitors share."""
    if is_public():
        raise InputError("heads", words.HEADS_OFF)
    yield Told(words.LOADING, 0.0)
    model = load(name, device=device, dtype=dtype, private=True)
    there = layers_of_heads(model)
    if there is not None:
        said = words.HEADS_THERE.format(model=model.info.name, layers=_listed(there))
        yield Told(said, 1.0, done=True)
        return
    try:
        yield from _told(_start(model, stop), model.info.name)
    finally:
        stop.set()  # also where the page was closed meanwhile


def _start(model: Model, stop: Event) -> SimpleQueue[Item]:
    told: SimpleQueue[Item] = SimpleQueue()

    def tell(stage: str, fraction: float) -> None:
        if stop.is_set():
            raise Stopped
        told.put(Told(f"{stage[:1].upper()}{stage[1:]}…", fraction))

    def work() -> None:
        try:
            told.put(fit_heads(model, tell))
        except BaseException as error:  # told to the one who waits, whatever it is
            told.put(error)

    Thread(target=work, name="fit-heads", daemon=True).start()
    return told


def _told(told: SimpleQueue[Item], name: str) -> Iterator[Told]:
    """The thread's items, until it has nothing more to say."""
    while True:
        item = told.get()
        if isinstance(item, Told):
            yield item
        elif isinstance(item, Stopped):
            yield Told(words.HEADS_STOPPED, 0.0, done=True)
            return
        elif isinstance(item, BaseException):
            raise item
        else:
            yield Told(
                words.HEADS_DONE.format(layers=_listed(item), tokens=TOKENS, model=name), 1.0, done=True
            )
            return


def _listed(layers: tuple[int, ...]) -> str:
    return ", ".join(map(str, layers))
