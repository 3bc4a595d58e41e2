"""A lesson's Markdown as small JSON, never as HTML: the browser makes elements of it and writes text as text.

A block is ["p", inline...] or ["ul" | "ol", [block...], ...]; an inline is text, or ["b" | "i", inline...],
["code", text] or ["token", text]. Facts are filled in after the Markdown was read, so no token can change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Inline = Any  # str | list
Fill = Callable[
    [int, str], Inline
]  # a line of this text, from 0, and what stands in braces there -> what is shown
Refuse = Callable[[int, str], Exception]  # a line of this text, and what is wrong there

READER = MarkdownIt("commonmark", {"html": False})
BRACES = re.compile(r"\{([^{}]*)\}")
OPENS = {"paragraph_open": "p", "bullet_list_open": "ul", "ordered_list_open": "ol", "list_item_open": "li"}
MARKS = {"strong_open": "b", "em_open": "i"}


def blocks(text: str, fill: Fill, refuse: Refuse) -> list[Inline]:
    """Paragraphs and lists; whatever else Markdown knows is refused."""
    stack: list[list[Inline]] = [[]]
    line = 0
    for token in READER.parse(text):
        line = token.map[0] if token.map else line
        if token.type in OPENS:
            stack.append([OPENS[token.type]])
        elif token.nesting < 0:
            done = stack.pop()
            stack[-1].append(done[1:] if done[0] == "li" else done)
        elif token.type == "inline":
            stack[-1] += _inline(token.children or [], line, fill, refuse)
        else:
            raise refuse(
                line, f"{token.type.removesuffix('_open').replace('_', ' ')} is not part of a lesson"
            )
    return stack[0]


def inline(text: str, fill: Fill, refuse: Refuse) -> list[Inline]:
    """One line of text, with its marks and facts."""
    (token,) = READER.parseInline(text)
    return _inline(token.children or [], 0, fill, refuse)


def _inline(tokens: list[Token], line: int, fill: Fill, refuse: Refuse) -> list[Inline]:
    stack: list[list[Inline]] = [[]]
    for token in tokens:
        if token.type in MARKS:
            stack.append([MARKS[token.type]])
        elif token.nesting < 0 and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
        elif token.type == "text":
            stack[-1] += filled(token.content, partial(fill, line))
        elif token.type == "softbreak":
            stack[-1].append(" ")
            line += 1
        elif token.type == "code_inline":
            stack[-1].append(["code", token.content])
        else:
            raise refuse(
                line, f"{token.type.removesuffix('_open').replace('_', ' ')} is not part of a lesson"
            )
    return stack[0]


def filled(text: str, fill: Callable[[str], Inline]) -> list[Inline]:
    """Text with everything in braces filled in."""
    parts = BRACES.split(text)
    return [part if at % 2 == 0 else fill(part) for at, part in enumerate(parts) if part]


def plain(inlines: list[Inline]) -> str:
    """What is read, without marks."""
    return "".join(part if isinstance(part, str) else plain(part[1:]) for part in inlines)
