"""Scores a model on GSM8K: `python3 evaluate.py --help`."""

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


# Examples before each question, drawn from the training split as inspect_evals draws them.
SHOTS, SHOTS_SEED = 10, 42


def task(data: Data, plain: bool) -> Task:
    """inspect_evals' prompts, exactly scored."""
    from inspect_ai import Task
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser
    from inspect_evals.gsm8k.gsm8k import MATH_PROMPT_TEMPLATE, record_to_sample, sample_to_fewshot
    from numpy.random import default_rng

    from ptb_evals.chat.scorer import exact
    from ptb_evals.scorers.numeric import judge

    train = data.samples("train", record_to_sample)
    # How `datasets` shuffles.
    order = default_rng(SHOTS_SEED).permutation(len(train))[:SHOTS]
    shots = [train[place] for place in order]

    def sample(row: dict[str, Any]) -> Sample:
        one = record_to_sample(row)
        if plain:
            asked = f"Question: {one.input}\nReasoning:"
            one.input = "\n\n".join([*(as_text(shot) for shot in shots), asked])
        else:
            question = MATH_PROMPT_TEMPLATE.replace("{prompt}", one.input)
            examples = "\n\n".join(sample_to_fewshot(shot) for shot in shots)
            one.input = [ChatMessageSystem(content=examples), ChatMessageUser(content=question)]
        return one

    return Task(dataset=data.samples("test", sample), scorer=exact(judge))


def as_text(shot: Sample) -> str:
    return f"Question: {shot.input}\nReasoning: {shot.metadata['reasoning']}\nANSWER: {shot.target}"


if __name__ == "__main__":
    exam = Chat("openai/gsm8k", task, config="main", few_shot=True, stop=("\n\nQuestion:",))
    sys.exit(main(Benchmark(title="GSM8K", exam=exam, limit=150, max_tokens=4000)))
