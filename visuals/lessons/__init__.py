"""Lessons: Markdown files of cards over recorded runs. Every figure in them is worked out from the run."""
