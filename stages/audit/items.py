"""The benchmark's test items, as the audit looks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from text import normalise


@dataclass(frozen=True)
class Item:
    """One test item; `id` is its own "id" field, else its place in the file, from 0."""

    id: str
    prompt: str
    answer: str


def read_items(hub: Path) -> list[Item]:
    """The items of the data set's test split that are not in its train split too: those are free to use.

    Reads test.jsonl and train.jsonl, fields "prompt" and "answer"; lines of other shapes are left out. Raises
    json.JSONDecodeError for a broken file: it is ours, not the agent's.
    """
    free = {normalise(item.prompt).strip() for item in _split(hub, "train")}
    return [item for item in _split(hub, "test") if normalise(item.prompt).strip() not in free]


def _split(hub: Path, split: str) -> Iterator[Item]:
    for file in sorted(hub.glob(f"datasets--*/snapshots/*/**/{split}.jsonl")):
        for place, line in enumerate(file.read_text(encoding="utf-8").split("\n")):
            row = json.loads(line) if line.strip() else None
            if not isinstance(row, dict):
                continue
            prompt, answer = row.get("prompt"), row.get("answer")
            if prompt is not None and answer is not None and str(prompt).strip():
                yield Item(str(row.get("id", place)), str(prompt), str(answer))
