"""Scores a model on AIME 2025: `python3 evaluate.py --help`."""

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
    """inspect_evals' prompt, exactly scored."""
    from inspect_ai import Task
    from inspect_evals.aime2025.aime2025 import USER_PROMPT_TEMPLATE, record_to_sample

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.numeric import judge

    def sample(row: dict[str, Any]) -> Sample:
        one = record_to_sample(row)
        one.input = USER_PROMPT_TEMPLATE.replace("{prompt}", one.input)
        return one

    return Task(dataset=data.samples("test", sample), scorer=exact(judge))


if __name__ == "__main__":
    sys.exit(main(Benchmark(title="AIME 2025", exam=Chat("math-ai/aime25", task), max_tokens=16000)))
