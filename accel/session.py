"""What earlier answers taught the drafters: one user's, never shared between users, and no hold on a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar
from weakref import ref

from accel.errors import InputError
from accel.models.model import Model

Memory = TypeVar("Memory")


class Session:
    """One user's drafter memory on one model. One run at a time; without a session every run starts cold.

    It refers to its model weakly: a thousand idle sessions must not keep a model in memory that was unloaded.
    """

    def __init__(self, model: Model) -> None:
        self._model = ref(model)
        self._model_name = model.info.name
        self.num_answers = 0  # begun, those that were stopped halfway included: what they wrote is remembered
        self._memories: dict[type, object] = {}
        self._busy = Lock()

    @property
    def model(self) -> Model | None:
        """The model it belongs to; None once that is no longer loaded."""
        return self._model()

    @property
    def is_warm(self) -> bool:
        return self.num_answers > 0

    def recall(self, kind: type[Memory], make: Callable[[], Memory]) -> Memory:
        """The memory of this kind, made empty at its first use."""
        memory = self._memories.setdefault(kind, make())
        assert isinstance(memory, kind)
        return memory

    @contextmanager
    def answering(self, model: Model) -> Iterator[None]:
        """Holds the session for one run. Raises InputError for another model's run, or a second one at once."""
        if model is not self.model:
            before = " as it was loaded before" if self._model_name == model.info.name else ""
            raise InputError(
                "session", f"it belongs to {self._model_name}{before}; make one for {model.info.name}"
            )
        if not self._busy.acquire(blocking=False):
            raise InputError("session", "it is decoding another prompt; wait for it, or use a second session")
        try:
            yield
        finally:
            self._busy.release()

    def count_answer(self) -> None:
        """One more answer has begun: called at its first tokens, so that a run stopped before them leaves none."""
        self.num_answers += 1
