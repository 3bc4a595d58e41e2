"""Which paths the drafts of a call stand on, where the cache does not hold them in the order of the text.

rows of the cache:  trunk | a b c d        a -- b -- d     c, another guess after a, came between b and d:
                                            \\-- c         paths a b d and a c
"""

from __future__ import annotations

from collections.abc import Sequence

from accel.models.layered import Path


def paths_of(lineages: Sequence[Sequence[int]], first: int) -> tuple[Path, ...]:
    """The longest first, and every token of a call on one of them; none where all stand as in a text.

    `lineages` holds for each token the cache rows from the first draft to its own, `first` or later, and nothing for
    a token of the trunk.
    """
    paths: list[Path] = []
    left = sorted(range(len(lineages)), key=lambda at: -len(lineages[at]))
    while left:
        rows = tuple(lineages[left[0]])
        on = [at for at in left if not lineages[at] or lineages[at][-1] in rows]
        left = [at for at in left if lineages[at] and lineages[at][-1] not in rows]
        paths.append(Path(tuple(on), rows, first))
    as_in_text = len(paths) == 1 and paths[0].rows == tuple(range(first, first + len(paths[0].rows)))
    return () if as_in_text else tuple(paths)
