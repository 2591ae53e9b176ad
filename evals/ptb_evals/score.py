"""What is said of a benchmark's items together, and its file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Score:
    """`accuracy` is a fraction 0..1 of `n` items, `stderr` the standard error of that mean."""

    accuracy: float
    stderr: float
    n: int


def score(right: Sequence[bool]) -> Score:
    """The standard error is that of a sample (n - 1), and 0 for a single item, where it is not defined."""
    n = len(right)
    if n == 0:
        raise ValueError("a score needs at least one item")
    accuracy = sum(right) / n
    stderr = (accuracy * (1.0 - accuracy) / (n - 1)) ** 0.5 if n > 1 else 0.0
    return Score(accuracy, stderr, n)


def write(result: Score, file: Path) -> None:
    """Whole or not at all: written aside in the same folder, then renamed."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        aside.write_text(json.dumps(asdict(result)) + "\n", encoding="utf-8")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
