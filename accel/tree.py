"""The token tree: every token the engine looks at is a slot; the committed text is its trunk, drafts are branches.

slot 0 -- 1 -- 2 -- 3 -- 4        trunk: prompt and committed text, trunk[i] at position i
                          \\-- 5 -- 6     a branch: two drafted tokens, positions 5 and 6
                           \\-- 7         a sibling of 5, also at position 5
"""

from __future__ import annotations

from collections.abc import Sequence


class TokenTree:
    """Tokens with parents. Slot ids are never reused; branches start at the trunk's newest slot, the tip."""

    def __init__(self, prompt: Sequence[int]) -> None:
        if not prompt:
            raise ValueError("a tree needs at least one token")
        self.tokens = list(prompt)  # by slot
        self.positions = list(range(len(prompt)))  # by slot: distance from the root
        self.trunk = list(range(len(prompt)))  # slots of the committed text, by position
        self._parents: list[int | None] = [None, *range(len(prompt) - 1)]

    @property
    def tip(self) -> int:
        """The newest committed slot; its keys and values are not computed yet."""
        return self.trunk[-1]

    @property
    def text(self) -> list[int]:
        """The committed token ids, prompt included."""
        return [self.tokens[slot] for slot in self.trunk]

    def text_from(self, position: int) -> list[int]:
        """The committed token ids from this position on."""
        return [self.tokens[slot] for slot in self.trunk[position:]]

    def path(self, slot: int) -> list[int]:
        """The token ids from the root to this slot, which may be of a dead branch."""
        branch = list[int]()
        at: int | None = slot
        while at is not None and not self.is_committed(at):
            branch.append(self.tokens[at])
            at = self._parents[at]
        trunk = self.trunk if at is None else self.trunk[: self.positions[at] + 1]
        return [*(self.tokens[slot] for slot in trunk), *reversed(branch)]

    def parent(self, slot: int) -> int | None:
        return self._parents[slot]

    def is_committed(self, slot: int) -> bool:
        position = self.positions[slot]
        return position < len(self.trunk) and self.trunk[position] == slot

    def add(self, parent: int, token: int) -> int:
        """A new slot for `token` after `parent`, which is the tip or a slot of a branch."""
        if parent != self.tip and self.is_committed(parent):
            raise ValueError(f"slot {parent} is committed text; branches start at the tip, slot {self.tip}")
        self.tokens.append(token)
        self.positions.append(self.positions[parent] + 1)
        self._parents.append(parent)
        return len(self.tokens) - 1

    def commit(self, slots: Sequence[int]) -> None:
        """Make a path that starts at the tip part of the trunk; the other branches are dead from now on."""
        for slot in slots:
            if self._parents[slot] != self.tip:
                raise ValueError(f"slot {slot} does not follow the tip, slot {self.tip}")
            self.trunk.append(slot)
