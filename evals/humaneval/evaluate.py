"""Scores a model on HumanEval: `python3 evaluate.py --help`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

# The shared package lies beside this file in an agent's work folder, where Python finds it, or one level up.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from ptb_evals import Benchmark, main
from ptb_evals.chat import Chat, Data

if TYPE_CHECKING:
    from inspect_ai import Task


def task(data: Data, plain: bool) -> Task:
    """inspect_evals' prompt; the answer's function must pass all assertions, in a process that it cannot
    leave.
    """
    from inspect_ai import Task
    from inspect_evals.humaneval.humaneval import record_to_sample

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.program import judge

    return Task(
        dataset=data.samples("test", record_to_sample()), scorer=exact(partial(judge, hidden=data.folders()))
    )


if __name__ == "__main__":
    exam = Chat("openai/openai_humaneval", task, config="openai_humaneval")
    sys.exit(main(Benchmark(title="HumanEval", exam=exam, limit=150, max_tokens=4000)))
