"""A benchmark: a data set in the hub cache whose items have one right answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy_lm.hub import snapshot


class DataError(ValueError):
    """A data set that is not what the benchmark expects; the message is one line with file and line number.

    It never quotes an item: the message may end in a log that the agent can read.
    """


@dataclass(frozen=True)
class Item:
    id: str
    prompt: str
    answer: str


@dataclass(frozen=True)
class Benchmark:
    """`title` as in benchmark.txt, the repository id of the data set, and how long an answer may get."""

    title: str
    data: str
    max_tokens: int

    def test_items(self, hub: Path | None = None) -> list[Item]:
        """The test split in its own order; HubError where the data set is absent, DataError where broken."""
        return read_items(snapshot(self.data, "datasets", hub) / "test.jsonl")


def read_items(file: Path) -> list[Item]:
    """One JSON object per line with the strings id, prompt and answer."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read: {type(error).__name__}") from error
    items = [_item(line, f"{file}:{number}") for number, line in enumerate(lines, start=1)]
    if not items:
        raise DataError(f"{file}: no items")
    return items


def _item(line: str, place: str) -> Item:
    try:
        fields: Any = json.loads(line)
    except ValueError:
        raise DataError(f"{place}: not JSON") from None
    if not isinstance(fields, dict):
        raise DataError(f"{place}: not a JSON object")
    for name in ("id", "prompt", "answer"):
        if not isinstance(fields.get(name), str):
            raise DataError(f"{place}: {name} must be a string")
    return Item(fields["id"], fields["prompt"], fields["answer"])
