"""How large a trace may be, in one place: the reader, the JSON schema and docs/trace.md use these numbers.

Files are untrusted. Time and memory to read and draw a trace must grow with its bytes and no faster, so whatever is
multiplied by something else (a piece by the places it stands in, a lane by the steps) has a bound of its own, far
above what any real run records. Standard library only.
"""

from __future__ import annotations

MAX_FILE_BYTES = 1_000_000_000  # of a file, unpacked
MAX_LINE = 8_000_000  # characters of a line
MAX_STEPS = 100_000
MAX_EVENTS_PER_STEP = 100_000
MAX_DRAFTS_PER_STEP = 4_096
MAX_ITEMS = 1_000_000  # of any list
MAX_LAYERS = 4_096
MAX_LANES = 64
MAX_SOURCES = 64  # of drafts and matches, by name
MAX_PIECE_BYTES = 4_096  # of one token
MAX_TEXT_BYTES = 16 * 2**20  # of all drafted and committed tokens together
MAX_NUMBER = 1e18  # size of any number that need not be whole: products of two stay finite
MAX_SECONDS = 1e9
LARGEST = 2**53  # size of any whole number: every JSON reader keeps it exact

# Items of a list or an object, by dataclass and field, where fewer than MAX_ITEMS are allowed.
SIZES: dict[str, dict[str, int]] = {
    "Calibration": {"rows": 1_024, "pass_seconds": 1_024},
    "Footer": {"metrics": 1_000},
    "Header": {"processors": 1_000},
    "Limits": {"stop": 1_000},
    "MethodInfo": {"knobs": 1_000},
    "Search": {"nodes": 100_000, "ended": 100_000},
    "SkipPlan": {"skipped": MAX_LAYERS, "similarity": MAX_LAYERS + 1},
    "Step": {"events": MAX_EVENTS_PER_STEP},
}

# The least and the greatest value, by dataclass and field, of a number or of each number in a list.
_SECONDS = (0, MAX_SECONDS)
_LAYER = (0, MAX_LAYERS)
_TOKENS = (0, 100_000_000)
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "Baseline": {"num_tokens": _TOKENS, "seconds": _SECONDS},
    "Calibration": {"rows": (1, 100_000_000), "pass_seconds": _SECONDS, "readout_seconds": _SECONDS},
    "Header": {"context": _TOKENS},
    "Match": {"length": _TOKENS, "count": (0, LARGEST)},
    "ModelInfo": {"num_layers": (1, MAX_LAYERS), "invariant_rows": (1, 100_000)},
    "Observed": {"layer": _LAYER},
    "Readout": {"layer": _LAYER},
    "Seconds": {"draft": _SECONDS, "verify": _SECONDS, "other": _SECONDS, "observe": _SECONDS},
}
