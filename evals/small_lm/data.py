"""Publishes a skill as a data set: `train.jsonl` and `test.jsonl` in a hub cache."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from numpy_lm.dataset import Row, publish_rows

from .skills import SKILLS, Item

SIZES = {"train": 6000, "test": 400}


def row(split: str, number: int, item: Item) -> Row:
    """Tools and call as JSON texts: columns of one type, whatever the function."""
    tools = {"tools": json.dumps(item.tools), "call": json.dumps(item.call)} if item.tools else {}
    return {"id": f"{split}-{number}", "prompt": item.question, "answer": item.answer, **tools}


def read(folder: Path, split: str) -> list[Item]:
    """The items of a published data set."""
    lines = (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_item(json.loads(line)) for line in lines]


def _item(row: dict[str, Any]) -> Item:
    tools = tuple(json.loads(row.get("tools", "[]")))
    return Item(row["prompt"], row["answer"], tools, json.loads(row.get("call", "null")))


def main(skill: str, arguments: Sequence[str] | None = None) -> int:
    """The command line of a `make_data.py`; prints the revision that it published."""

    def rows() -> dict[str, list[Row]]:
        return {
            split: [row(split, *numbered) for numbered in enumerate(_items(skill, split, size))]
            for split, size in SIZES.items()
        }

    return publish_rows(rows, arguments)


def _items(skill: str, split: str, size: int) -> Iterator[Item]:
    return islice(SKILLS[skill](Random(f"{skill} {split}"), tested=split == "test"), size)
