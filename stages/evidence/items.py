"""The benchmark's test items, as the audit looks for them, and the texts that are free to use."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

# Names that data sets give to the parts of an item, in lower case. An eval's `items` settles other cases.
PROMPTS = ("prompt", "question", "problem", "instruction")
ANSWERS = ("answer", "correct answer", "ground_truth", "target", "solution", "canonical_solution")
IDS = ("id", "task_id", "record id", "uid", "question_id")

TEXT_FILES = (".jsonl", ".json", ".csv")


@dataclass(frozen=True)
class Item:
    """One test item; `id` is its own id, else its place in the file, from 0. `solution` is longer than the
    answer, or empty."""

    id: str
    prompt: str
    answer: str
    solution: str = ""


@dataclass(frozen=True)
class Layout:
    """Where an eval's data set keeps its items: globs below the snapshot, names of fields. Empty names are
    guessed."""

    test: str = ""
    train: str = ""
    prompt: str = ""
    answer: str = ""
    solution: str = ""


class ItemsError(Exception):
    """The items cannot be read; the message says why."""


def read_items(hub: Path, layout: Layout) -> tuple[list[Item], list[Item]]:
    """The items of the test split, and those of the train split, which are free to use.

    Raises ItemsError where a file cannot be read, or where there are test rows but none has a prompt.
    """
    test, train = _files(hub, layout.test, "test"), _files(hub, layout.train, "train")
    if not test and not layout.test:
        # A data set without splits is all test.
        test = [file for file in _files(hub, "**/*", "") if file not in train and _is_data(file)]
    return list(_items(test, layout)), list(_items(train, layout, strict=False))


def _files(hub: Path, glob: str, split: str) -> list[Path]:
    globs = (
        [glob]
        if glob
        else [
            f"**/{split}.jsonl",
            f"**/{split}.json",
            f"**/{split}.csv",
            f"**/{split}-*.parquet",
            f"**/{split}.parquet",
        ]
    )
    found = {
        file
        for snapshot in sorted(hub.glob("datasets--*/snapshots/*"))
        for one in globs
        for file in snapshot.glob(one)
        if file.is_file()
    }
    return sorted(found)


def _is_data(file: Path) -> bool:
    return file.suffix in (*TEXT_FILES, ".parquet")


def _items(files: Sequence[Path], layout: Layout, strict: bool = True) -> Iterator[Item]:
    rows = found = 0
    for file in files:
        for place, row in enumerate(read_rows(file)):
            rows += 1
            item = _item(row, layout, f"{place}" if len(files) == 1 else f"{file.stem}:{place}")
            if item is not None:
                found += 1
                yield item
    if strict and rows and not found:
        raise ItemsError(f"none of {rows} rows has a prompt: name its fields under `items` in eval.yaml")


def _item(row: Row, layout: Layout, place: str) -> Item | None:
    prompt = _text(_field(row, layout.prompt, PROMPTS))
    answer = _text(_field(row, layout.answer, ANSWERS))
    solution = _text(row.get(layout.solution)) if layout.solution else ""
    if not prompt.strip():
        return None
    if "####" in answer:
        # GSM8K writes the way to an answer before it.
        solution, answer = answer.split("####", 1)
    identity = _field(row, "", IDS)
    return Item(place if identity is None else str(identity), prompt, answer.strip(), solution)


def _field(row: Row, name: str, guesses: tuple[str, ...]) -> Any:
    if name:
        return row.get(name)
    by_name = {str(key).casefold(): value for key, value in row.items()}
    return next((by_name[guess] for guess in guesses if by_name.get(guess) is not None), None)


def _text(value: Any) -> str:
    """All texts and numbers in it. Of a chat, what is said and not who says it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " ".join(_text(inner) for key, inner in value.items() if key != "role")
    if isinstance(value, list | tuple):
        return " ".join(map(_text, value))
    return str(value)


def read_rows(file: Path) -> Iterator[Row]:
    """The rows of a data file, by its ending. Raises ItemsError."""
    try:
        if file.suffix == ".parquet":
            yield from _parquet(file)
        elif file.suffix == ".csv":
            with file.open(encoding="utf-8", newline="") as stream:
                yield from csv.DictReader(stream)
        else:
            yield from _json(file)
    except (OSError, ValueError, csv.Error) as error:
        raise ItemsError(f"{file.name}: {' '.join(str(error).split())}") from error


def _json(file: Path) -> Iterator[Row]:
    text = file.read_text(encoding="utf-8")
    try:
        document = json.loads(text)
    except ValueError:
        document = [json.loads(line) for line in text.split("\n") if line.strip()]
    rows = document if isinstance(document, list) else [document]
    yield from (row for row in rows if isinstance(row, dict))


def _parquet(file: Path) -> Iterator[Row]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ItemsError(f"{file.name}: the environment has no pyarrow to read parquet with") from error
    with parquet.ParquetFile(file) as table:
        for batch in table.iter_batches(batch_size=1024):
            yield from batch.to_pylist()
