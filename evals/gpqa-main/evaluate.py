"""Scores a model on GPQA (Main): `python3 evaluate.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# What is shared lies beside this file in an agent's work folder, and one level up in the project.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from inspect_cli import Benchmark, main  # noqa: E402

if TYPE_CHECKING:
    from inspect_ai import Task


# The order of the choices is part of the benchmark: the same in every run.
SHUFFLE_SEED = 42


def task() -> Task:
    """The main set, which inspect_evals does not have, asked as it asks the diamond set."""
    from inspect_ai import Task
    from inspect_ai.dataset import hf_dataset
    from inspect_ai.scorer import choice
    from inspect_ai.solver import multiple_choice
    from inspect_evals.gpqa.gpqa import record_to_sample

    dataset = hf_dataset("Idavidrein/gpqa", name="gpqa_main", split="train", sample_fields=record_to_sample)
    dataset.shuffle_choices(SHUFFLE_SEED)
    return Task(dataset=dataset, solver=multiple_choice(cot=True), scorer=choice())


if __name__ == "__main__":
    sys.exit(main(Benchmark(title="GPQA (Main)", task=task, limit=50, max_tokens=16000)))
