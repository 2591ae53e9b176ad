"""Scores a model on GPQA (Main): `python3 evaluate.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The shared package lies beside this file in an agent's work folder, where Python finds it, or one level up.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from ptb_evals import Benchmark, main
from ptb_evals.chat import Chat, Data

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.dataset import Sample


# The order of the choices is part of the benchmark: the same in every run, for each question on its own.
SHUFFLE_SEED = 42


def task(data: Data, plain: bool) -> Task:
    """The main set, which inspect_evals does not have, asked as it asks the diamond set."""
    from inspect_ai import Task
    from inspect_ai.dataset import Sample
    from inspect_ai.solver import MultipleChoiceTemplate

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.letter import judge, lettered, shuffled

    def sample(row: dict[str, Any]) -> Sample:
        name = row["Record ID"]
        wrong = [str(row[f"Incorrect Answer {n}"]) for n in (1, 2, 3)]
        choices, right = shuffled(str(row["Correct Answer"]), wrong, f"{SHUFFLE_SEED} {name}")
        question = MultipleChoiceTemplate.SINGLE_ANSWER_COT.value.format(
            letters="A,B,C,D", question=row["Question"], choices=lettered(choices)
        )
        return Sample(input=question, target=right, id=name)

    return Task(dataset=data.samples("train", sample), scorer=exact(judge))


if __name__ == "__main__":
    exam = Chat("Idavidrein/gpqa", task, config="gpqa_main")
    sys.exit(main(Benchmark(title="GPQA (Main)", exam=exam, limit=50, max_tokens=16000)))
