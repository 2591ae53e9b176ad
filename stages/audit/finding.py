"""What a check reports. The shapes are those of audit.schema.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Flag = Literal["C", "M", "A", "T"]


@dataclass(frozen=True)
class Evidence:
    """A place to look at: `file` relative to the agent's work folder, `line` from 1."""

    file: str
    line: int | None = None
    excerpt: str | None = None
    item: str | None = None


@dataclass(frozen=True)
class Finding:
    """One broken rule, in one sentence, with its evidence."""

    flag: Flag
    check: str
    summary: str
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Skipped:
    """A check that could not be made. That is neither guilt nor innocence."""

    check: str
    because: str
