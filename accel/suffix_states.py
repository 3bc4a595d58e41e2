"""A counted suffix automaton of limited depth that can also forget: what a SuffixTree knows.

Every string of at most `depth` tokens that occurs belongs to one state: strings that end at the same places
share it, each a suffix of the longest. So a state is an edge of the compressed counted trie, and a new token
touches the states of its own suffixes alone, whatever the text's length (Blumer 1985, the DAWG, but counted).

    longest[link] + 1  <=  the lengths held by a state  <=  longest  <=  depth
    link[state]           the state of the next shorter suffix: it ends at these places and at others
    after[state][token]   the state of every string held, but one of full depth, with the token after it
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ROOT = 0  # holds the empty string
ABOVE_ROOT = -1  # the root's link; also the link of a freed state
COMMON = 16  # a token is common after a state if it follows at least one time in COMMON


class SuffixStates:
    """The states, as parallel lists, since dictionaries of integers cost the garbage collector nothing."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.longest: list[int] = [0]
        self.link: list[int] = [ABOVE_ROOT]
        self.after: list[dict[int, int]] = [{}]
        self.count: list[int] = [0]  # of the places where the strings of the state end
        self.home: list[tuple[int, int]] = [(0, 0)]  # one of them, mostly the newest: (sequence, end)
        self._linked: list[int] = [0]  # exclusive or of the states that link here: names the last one left
        self._common: dict[
            int, set[int]
        ] = {}  # of the states that were asked about and have many tokens after
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self.longest) - len(self._free)

    def match(self, tokens: Iterable[int]) -> tuple[int, int]:
        """The longest suffix of `tokens` that occurs, as (state, length). Takes fewer than `depth` tokens."""
        after, link, longest = self.after, self.link, self.longest
        state = length = 0
        for token in tokens:
            while token not in after[state] and state != ROOT:
                state = link[state]
                length = longest[state]
            if token in after[state]:
                state = after[state][token]
                length += 1
        return self.narrow(state, length), length

    def narrow(self, state: int, length: int) -> int:
        """The state of the suffix of that length, among the suffixes of what `state` holds."""
        while state != ROOT and self.longest[self.link[state]] >= length:
            state = self.link[state]
        return state

    def add(self, tip: int, length: int, token: int, end: tuple[int, int]) -> int:
        """Count every suffix that ends in `token`, after the `length` < depth tokens of `tip`.

        `end` is that place: sequence, number of the token after it. Returns the state of the longest suffix.
        """
        after, link, count, home, common = self.after, self.link, self.count, self.home, self._common
        if token in after[tip]:
            self._reach(tip, token)
        else:
            fresh = self._new(length + 1)
            state = tip
            while state != ABOVE_ROOT and token not in after[state]:
                after[state][token] = fresh
                state = link[state]
            self._set_link(fresh, ROOT if state == ABOVE_ROOT else self._reach(state, token))
        tip = self.narrow(tip, length)  # the state that was split may have been the tip's own
        state, counted = tip, ROOT
        while state != ABOVE_ROOT:
            child = after[state][token]
            if child != counted:
                counted = child
                count[child] += 1
                home[child] = end
            if state in common and count[child] * COMMON >= count[state]:
                common[state].add(token)
            state = link[state]
        return after[tip][token]

    def _reach(self, state: int, token: int) -> int:
        """The state of `state`'s longest + token, split off from longer strings, which are not met there."""
        after, link, longest = self.after, self.link, self.longest
        child = after[state][token]
        length = min(longest[state] + 1, self.depth)
        if longest[child] == length:
            return child
        upper = self._new(length)
        self.count[upper], self.home[upper] = self.count[child], self.home[child]
        if length == self.depth - 1:  # what is left in `child` has full length: nothing is counted after it
            after[upper], after[child] = after[child], {}
        else:
            after[upper] = after[child].copy()
        self._set_link(upper, link[child])
        self._set_link(child, upper)
        while state != ABOVE_ROOT and after[state].get(token) == child:
            after[state][token] = upper
            state = link[state]
        return upper

    def forget(self, tokens: Sequence[int], stop: int) -> None:
        """Undo `add` for the first `stop` tokens of a sequence: the states are as if there had been none.

        Backwards: if two states come to end at the same places, what follows them is joined before they are.
        """
        tips, state = [], ROOT
        for index in range(stop):
            tips.append(state)
            state = self.narrow(self.after[state][tokens[index]], min(index + 1, self.depth - 1))
        joined: dict[int, int] = {}
        for index in reversed(range(stop)):
            self._forget_end(_resolve(joined, tips[index]), tokens[index], joined)

    def _forget_end(self, tip: int, token: int, joined: dict[int, int]) -> None:
        after, link, count = self.after, self.link, self.count
        parents: dict[int, list[int]] = {}  # by child, the longest first
        state = tip
        while state != ABOVE_ROOT:
            parents.setdefault(after[state][token], []).append(state)
            state = link[state]
        for child, above in parents.items():
            count[child] -= 1
            self._common.pop(child, None)
            heir = self._linked[child]
            if not count[child]:
                for state in above:
                    del after[_resolve(joined, state)][token]
                self._drop(child)
            elif heir < len(link) and link[heir] == child and count[heir] == count[child]:
                # All that is left ends where the heir's strings end; no other state links here.
                for state in above:
                    after[_resolve(joined, state)][token] = heir
                after[heir] = after[child]  # the heir had none if it was of full depth
                self._common.pop(heir, None)
                joined[child] = heir
                self._set_link(heir, link[child])
                self._drop(child)

    def worth_reading(self, state: int, least: int) -> Iterable[int]:
        """All tokens that follow `state` at least so often, 1 or more, among some that do not.

        Reading thousands at each look-up would be slow. Those that are common are kept up to date by `add`,
        as a share only grows when its own token is added. Asking for less than one in COMMON reads them all.
        """
        children = self.after[state]
        if len(children) <= COMMON or least * COMMON < self.count[state]:
            return children
        common = self._common.get(state)
        if common is None or len(common) > 4 * COMMON:
            enough = self.count[state] / COMMON
            common = {token for token, child in children.items() if self.count[child] >= enough}
            self._common[state] = common
        return common

    def _new(self, longest: int) -> int:
        if self._free:
            state = self._free.pop()
            self.longest[state] = longest
            return state
        self.longest.append(longest)
        self.link.append(ABOVE_ROOT)
        self.after.append({})
        self.count.append(0)
        self.home.append((0, 0))
        self._linked.append(0)
        return len(self.longest) - 1

    def _set_link(self, state: int, link: int) -> None:
        if self.link[state] != ABOVE_ROOT:
            self._linked[self.link[state]] ^= state
        self.link[state] = link
        self._linked[link] ^= state

    def _drop(self, state: int) -> None:
        self._linked[self.link[state]] ^= state
        self.link[state] = ABOVE_ROOT
        self.after[state], self.count[state], self.home[state], self._linked[state] = {}, 0, (0, 0), 0
        self._common.pop(state, None)
        self._free.append(state)


def _resolve(joined: dict[int, int], state: int) -> int:
    while state in joined:
        state = joined[state]
    return state
