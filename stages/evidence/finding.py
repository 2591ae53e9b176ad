"""What a check reports. The shapes are those of evidence.schema.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Flag = Literal["C", "M", "A", "T"]

# How many places one finding shows, and how long an excerpt is, in characters.
MOST_EVIDENCE = 20
EXCERPT = 240


@dataclass(frozen=True)
class Evidence:
    """A place to look at: `file` relative to the agent's work folder, `!` before a member of an archive;
    `line` from 1; `overlap` 0..1, the share of the item that stands there, or of the tensor that is
    shared."""

    file: str
    line: int | None = None
    excerpt: str | None = None
    item: str | None = None
    overlap: float | None = None


@dataclass(frozen=True)
class Finding:
    """Something against the rules or worth a look, in one sentence. `source` is the check's name, a dot, and
    what it saw: the pipeline says of each source whether it flags."""

    flag: Flag
    source: str
    summary: str
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Skipped:
    """What could not be looked at. That is neither guilt nor innocence."""

    check: str
    because: str


def excerpt(text: str) -> str:
    """One printable line of at most EXCERPT characters."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = " ".join("".join(char if char.isprintable() else " " for char in line).split())
    return line[:EXCERPT]
