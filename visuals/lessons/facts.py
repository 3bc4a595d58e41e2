"""All facts a lesson may use, by name. Standard library only."""

from __future__ import annotations

from visuals.lessons import guess_facts, layer_facts, run_facts, step_facts
from visuals.lessons.fact import FACTS

__all__ = ["FACTS", "PARTS"]

PARTS = (run_facts, step_facts, guess_facts, layer_facts)  # each enters its own facts when it is imported
