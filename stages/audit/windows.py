"""Cuts a long normalised text into stretches that overlap, so that nothing hides on a border."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from text import Piece

# How much text is searched at once, and how long an excerpt is, in characters.
WINDOW = 1 << 20
EXCERPT = 200


@dataclass(frozen=True)
class Window:
    """A stretch of text that knows its lines: the piece that starts at starts[i] is of line lines[i]."""

    text: str
    starts: list[int]
    lines: list[int]

    def line_at(self, offset: int) -> int:
        """The line, from 1, on which this place lies."""
        return self.lines[max(0, bisect.bisect_right(self.starts, offset) - 1)]

    def excerpt(self, offset: int) -> str:
        """What stands there."""
        return self.text[offset : offset + EXCERPT]


def windows(pieces: Iterable[Piece], overlap: int) -> Iterator[Window]:
    """Windows of about WINDOW characters, each beginning with the last `overlap` characters of the one
    before."""
    parts: list[str] = []
    starts: list[int] = []
    lines: list[int] = []
    length = 0
    for piece in pieces:
        # Each piece has its blanks collapsed; here the blank before a border meets the one after it.
        text = piece.text.removeprefix(" ") if not parts or parts[-1].endswith(" ") else piece.text
        if not text:
            continue
        parts.append(text)
        starts.append(length)
        lines.append(piece.line)
        length += len(text)
        if length > WINDOW + overlap:
            window = Window("".join(parts), starts, lines)
            yield window
            tail = window.text[-overlap:]
            parts, starts, lines, length = [tail], [0], [window.line_at(length - overlap)], len(tail)
    if parts:
        yield Window("".join(parts), starts, lines)
