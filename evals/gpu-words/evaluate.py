"""Scores a model on made word problems: `python3 evaluate.py --help`."""

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


def task(data: Data, plain: bool) -> Task:
    """The question alone; the number is compared exactly."""
    from inspect_ai import Task
    from inspect_ai.dataset import Sample

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.numeric import judge

    def sample(row: dict[str, Any]) -> Sample:
        return Sample(id=row["id"], input=row["prompt"], target=row["answer"].rpartition("ANSWER: ")[2])

    return Task(dataset=data.samples("test", sample), scorer=exact(judge))


if __name__ == "__main__":
    exam = Chat("gpu/words", task, engines=("hf", "vllm"))
    sys.exit(main(Benchmark(title="Word Problems", exam=exam, limit=100, max_tokens=48, max_connections=128)))
