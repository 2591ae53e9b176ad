"""Scores a model on GSM8K: `python3 evaluate.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# What is shared lies beside this file in an agent's work folder, and one level up in the project.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from inspect_cli import Benchmark, main  # noqa: E402

if TYPE_CHECKING:
    from inspect_ai import Task


def task() -> Task:
    """The task of inspect_evals: ten examples, drawn with seed 42."""
    from inspect_evals.gsm8k import gsm8k

    return gsm8k(fewshot=10, fewshot_seed=42)


if __name__ == "__main__":
    sys.exit(main(Benchmark(title="GSM8K", task=task, limit=150, max_tokens=4000)))
