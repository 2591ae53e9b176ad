"""Scores a model on made function calls: `python3 evaluate.py --help`."""

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
    """The wish, with the functions on offer; the call is compared exactly."""
    import json

    from inspect_ai import Task
    from inspect_ai.dataset import Sample
    from inspect_ai.tool import ToolInfo

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.call import judge

    def sample(row: dict[str, Any]) -> Sample:
        tools = [ToolInfo(**spec) for spec in json.loads(row["tools"])]
        return Sample(
            id=row["id"], input=row["prompt"], metadata={"tools": tools, "call": json.loads(row["call"])}
        )

    return Task(dataset=data.samples("test", sample), scorer=exact(judge))


if __name__ == "__main__":
    exam = Chat("gpu/calls", task, engines=("hf", "vllm"))
    sys.exit(
        main(Benchmark(title="Function Calls", exam=exam, limit=100, max_tokens=80, max_connections=128))
    )
