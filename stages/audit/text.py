"""A work folder's text files as normalised text with line numbers, whatever their size, encoding or shape."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A line is read in pieces of this many bytes, so that a file without line breaks needs no more memory than
# any other.
PIECE = 1 << 20

# A file with a zero byte near its start is not text.
HEAD = 8192

_SPACE = re.compile(r"\s+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """Normalised text of a line or of a part of one, to be joined without anything between; `line` from 1."""

    line: int
    text: str


def normalise(text: str) -> str:
    """Lower case, each run of white space as one blank."""
    return _SPACE.sub(" ", text.casefold())


def text_files(folder: Path) -> Iterator[Path]:
    """Regular files below `folder` that look like text, in a fixed order.

    Links to folders are not followed; a link to a file counts as long as that file lies in `folder` too.
    """
    root = folder.resolve()
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink() and root not in path.resolve().parents:
                continue
            if _is_text(path):
                yield path


def _is_text(path: Path) -> bool:
    try:
        # A pipe is not even opened: that would wait forever.
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return b"\0" not in file.read(HEAD)
    except OSError:
        return False


def as_written(text: str) -> str:
    """A view of a line: the line itself."""
    return text


def unescaped(text: str) -> str:
    """A view of a line: with backslash escapes resolved, because it may be program text or JSON over many
    lines."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return " " if match[2] in "nrt" else match[2]


def views(path: Path) -> list[Callable[[str], str]]:
    """The views worth looking at: the second one differs only where there is a backslash. Raises OSError."""
    with path.open("rb") as file:
        escapes = any(b"\\" in block for block in iter(lambda: file.read(PIECE), b""))
    return [as_written, unescaped] if escapes else [as_written]


def pieces(path: Path, view: Callable[[str], str]) -> Iterator[Piece]:
    """The text of `path`, normalised. A line that is JSON gives its texts and numbers in any view."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    line = 1
    with path.open("rb") as file:
        while raw := file.readline(PIECE):
            text = decoder.decode(raw)
            yield Piece(line, normalise(_json_texts(text) or view(text)))
            if raw.endswith(b"\n"):
                line += 1


def _json_texts(text: str) -> str | None:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return " ".join(_leaves(json.loads(text))) + " "
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _leaves(entry)
    elif value is not None:
        yield str(value)
