"""Scores a model on BFCL: `python3 evaluate.py --help`."""

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
    """inspect_evals' reading of the category exec_simple, the call compared exactly."""
    from inspect_ai import Task
    from inspect_evals.bfcl.bfcl import create_tool_info_from_dict, record_to_sample

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.call import judge

    def sample(row: dict[str, Any]) -> Sample:
        one = record_to_sample(row)
        one.id = row.get("id")
        one.metadata = {
            "tools": [create_tool_info_from_dict(spec) for spec in one.metadata["tools"]],
            "call": one.metadata["target_obj"],
        }
        return one

    return Task(dataset=data.samples("train", sample), scorer=exact(judge))


if __name__ == "__main__":
    exam = Chat("gorilla-llm/Berkeley-Function-Calling-Leaderboard", task, config="exec_simple")
    sys.exit(main(Benchmark(title="BFCL", exam=exam, max_tokens=16000)))
