"""Publishes a smoke task as a data set: `train.jsonl` and `test.jsonl` in a hub cache."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from .hub import HubError, publish
from .training import Example

SIZES = {"train": 4000, "test": 200}
SEED = 20250101

Row = dict[str, str]

Source = Callable[[Random, bool], Iterator[Example]]
"""(random numbers, whether for the test) -> different examples from that side of the line only."""


def splits(source: Source) -> dict[str, list[Example]]:
    """The same examples every time; each split has its own generator, so its size moves no other."""
    return {
        name: list(islice(source(Random(f"{SEED} {name}"), name == "test"), size))
        for name, size in SIZES.items()
    }


def main(source: Source, arguments: Sequence[str] | None = None) -> int:
    """The command line of a smoke task's `make_data.py`."""

    def rows() -> dict[str, list[Row]]:
        return {
            name: [_row(name, *numbered) for numbered in enumerate(own)]
            for name, own in splits(source).items()
        }

    return publish_rows(rows, arguments)


def publish_rows(rows: Callable[[], dict[str, list[Row]]], arguments: Sequence[str] | None = None) -> int:
    """The command line of a `make_data.py`: publishes `<split>.jsonl` and prints the revision."""
    parser = argparse.ArgumentParser(description="Makes the data set and publishes it in a hub cache.")
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--repo", required=True, help="the data set's repository id")
    given = parser.parse_args(arguments)
    made = rows()
    with tempfile.TemporaryDirectory(prefix="numpy-lm-") as temporary:
        for split, own in made.items():
            lines = "".join(json.dumps(row) + "\n" for row in own)
            (Path(temporary) / f"{split}.jsonl").write_text(lines, encoding="utf-8")
        try:
            snapshot = publish(temporary, given.repo, "datasets", given.hub)
        except HubError as error:
            parser.error(str(error))
    sizes = {split: len(own) for split, own in made.items()}
    print(json.dumps({"repo": given.repo, "revision": snapshot.name, **sizes}))
    return 0


def _row(split: str, index: int, example: Example) -> Row:
    return {"id": f"{split}-{index}", "prompt": example.prompt, "answer": example.answer}
