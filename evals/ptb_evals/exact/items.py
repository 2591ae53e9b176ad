"""The test items of a data set in one file of JSON lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..benchmark import DataError


@dataclass(frozen=True)
class Item:
    id: str
    prompt: str
    answer: str


def read_items(repo: str, snapshot: Path | None) -> list[Item]:
    """The test split in its own order: one JSON object per line with the strings id, prompt and answer."""
    if snapshot is None:
        raise DataError(f"{repo}: not in the hub cache")
    file = snapshot / "test.jsonl"
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
