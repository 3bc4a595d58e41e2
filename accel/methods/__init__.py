"""All methods, in the order in which the page offers them."""

from __future__ import annotations

from accel.method import Method
from accel.methods.adadecode import AdaDecode
from accel.methods.aded import Aded
from accel.methods.autoregressive import Autoregressive
from accel.methods.clasp import Clasp
from accel.methods.draft_model import DraftModel
from accel.methods.prompt_lookup import PromptLookup
from accel.methods.suffix import Suffix

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (Autoregressive, AdaDecode, Suffix, Aded, Clasp, PromptLookup, DraftModel)
}
