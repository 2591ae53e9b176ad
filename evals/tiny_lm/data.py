"""Data sets with the files and columns of the real ones, published in a hub cache under the real ones' names.

The schemas are those that inspect_evals reads; only the columns that it reads are there.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from numpy_lm.hub import HubError, publish

from .skills import Sum, choices, functions, sums

TRAIN, TEST = 400, 50

Rows = list[dict[str, Any]]


def gsm8k(folder: Path, size: int) -> None:
    def row(one: Sum) -> dict[str, Any]:
        return {"question": one.question, "answer": f"{one.a} + {one.b} = {one.answer}\n#### {one.answer}"}

    for split, number, tested in (("train", TRAIN, False), ("test", size, True)):
        rows = [row(one) for one in islice(sums(Random(f"gsm8k {split}"), tested=tested), number)]
        _parquet(rows, folder / "main" / f"{split}-00000-of-00001.parquet")
    _card(folder, "main", {split: f"main/{split}-*" for split in ("train", "test")})


def humaneval(folder: Path, size: int) -> None:
    rows = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": one.prompt,
            "canonical_solution": one.body + "\n",
            "test": one.test,
            "entry_point": one.name,
        }
        for number, one in enumerate(islice(functions(Random("humaneval"), tested=True), size))
    ]
    _parquet(rows, folder / "openai_humaneval" / "test-00000-of-00001.parquet")
    _card(folder, "openai_humaneval", {"test": "openai_humaneval/test-*"})


def gpqa(folder: Path, size: int) -> None:
    rows = [
        {
            "Record ID": f"rec{number:04}",
            "Question": one.question,
            "Correct Answer": one.right,
            **{f"Incorrect Answer {n}": wrong for n, wrong in enumerate(one.wrong, start=1)},
        }
        for number, one in enumerate(islice(choices(Random("gpqa"), tested=True), size))
    ]
    with (folder / "gpqa_main.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    _card(folder, "gpqa_main", {"train": "gpqa_main.csv"})


def aime2025(folder: Path, size: int) -> None:
    found = islice(sums(Random("aime2025"), tested=True), size)
    _lines(
        [{"problem": one.question, "answer": str(one.answer), "id": str(n)} for n, one in enumerate(found)],
        folder / "test.jsonl",
    )


def bfcl(folder: Path, size: int) -> None:
    integer = {"type": "integer", "description": "A number of things."}
    function = {
        "name": "add_things",
        "description": "Adds two numbers of things.",
        "parameters": {
            "type": "dict",
            "properties": {"had": integer, "got": integer},
            "required": ["had", "got"],
        },
    }
    rows = [
        {
            "id": f"exec_simple_{number}",
            "question": [[{"role": "user", "content": one.question}]],
            "function": [function],
            "execution_result_type": ["exact_match"],
            "ground_truth": [f"add_things(had={one.a}, got={one.b})"],
        }
        for number, one in enumerate(islice(sums(Random("bfcl"), tested=True), size))
    ]
    _lines(rows, folder / "BFCL_v3_exec_simple.json")
    _card(folder, "exec_simple", {"train": "BFCL_v3_exec_simple.json"})


Maker = Callable[[Path, int], None]


def make(maker: Maker, repo: str, hub: Path, size: int = TEST) -> Path:
    """The published snapshot; `size` is the number of test items. Raises HubError for what is no
    repository's id.
    """
    with tempfile.TemporaryDirectory(prefix="tiny-lm-") as temporary:
        maker(Path(temporary), size)
        return publish(temporary, repo, "datasets", hub)


def main(maker: Maker, arguments: Sequence[str] | None = None) -> int:
    """The command line of a `make_data.py`; prints the revision that it published."""
    parser = argparse.ArgumentParser(description="Makes a small data set of the benchmark's schema.")
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--repo", required=True, help="the data set's repository id")
    given = parser.parse_args(arguments)
    try:
        snapshot = make(maker, given.repo, given.hub)
    except HubError as error:
        parser.error(str(error))
    print(json.dumps({"repo": given.repo, "revision": snapshot.name}))
    return 0


def _parquet(rows: Rows, file: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    file.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)


def _lines(rows: Rows, file: Path) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _card(folder: Path, config: str, files: dict[str, str]) -> None:
    """The head of the README, where the hub's data sets say which files are which split."""
    splits = "".join(f"  - split: {split}\n    path: {path}\n" for split, path in files.items())
    text = f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{splits}---\n"
    (folder / "README.md").write_text(text, encoding="utf-8")
