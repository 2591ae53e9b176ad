"""Publishes a skill as a data set: `train.jsonl` and `test.jsonl` in a hub cache."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from numpy_lm.hub import HubError, publish

from .skills import SKILLS, Item

SIZES = {"train": 6000, "test": 400}


def row(split: str, number: int, item: Item) -> dict[str, str]:
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
    parser = argparse.ArgumentParser(description="Makes the data set and publishes it in a hub cache.")
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--repo", required=True, help="the data set's repository id")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="small-lm-") as temporary:
        for split, size in SIZES.items():
            items = islice(SKILLS[skill](Random(f"{skill} {split}"), tested=split == "test"), size)
            lines = (json.dumps(row(split, number, item)) + "\n" for number, item in enumerate(items))
            (Path(temporary) / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        try:
            snapshot = publish(temporary, given.repo, "datasets", given.hub)
        except HubError as error:
            parser.error(str(error))
    print(json.dumps({"repo": given.repo, "revision": snapshot.name, **SIZES}))
    return 0
