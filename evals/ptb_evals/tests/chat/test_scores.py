"""Exact scores of what inspect-ai's mock model answers, right, wrong and adversarial."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ModelOutput
from inspect_ai.tool import ToolCall

from .world import SIZE, metrics, mock, rows, samples


def says(texts: list[str]) -> Any:
    """Answers in the samples' order, whatever the order in which they are asked."""
    return lambda task: {
        (one.input if isinstance(one.input, str) else one.input[-1].text): text
        for one, text in zip(task.dataset, texts, strict=True)
    }


def answers(name: str, texts: list[str]) -> Any:
    by_question = says(texts)(samples(name))

    def reply(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        return ModelOutput.from_content("mock", by_question[messages[-1].text])

    return reply


def test_numbers(tmp_path: Path) -> None:
    for name, wanted in (
        ("gsm8k", [row["answer"].split("#### ")[1] for row in rows("gsm8k")]),
        ("aime2025", [row["answer"] for row in rows("aime2025")]),
    ):
        texts = [
            f"ANSWER: {wanted[0]}",
            f"ANSWER: 7{wanted[1]}",
            f"\\boxed{{{wanted[2]}}}",
            f"ANSWER: {wanted[3]} or {wanted[3]}1",
            f"<think>ANSWER: 0</think>\nANSWER: ${wanted[4]}.00",
            "",
        ]
        verdicts = mock(name, answers(name, texts), tmp_path)
        assert verdicts == [True, False, True, False, True, False]
        # The standard error is sqrt(p (1 - p) / (n - 1)).
        assert metrics(verdicts, tmp_path) == {"accuracy": 0.5, "stderr": pytest.approx(0.2236068), "n": 6}


def test_letters(tmp_path: Path) -> None:
    targets = [one.target for one in samples("gpqa-main").dataset]
    other = {"A": "B", "B": "C", "C": "D", "D": "A"}
    texts = [
        f"ANSWER: {targets[0]}",
        f"ANSWER: {other[targets[1]]}",
        f"**ANSWER: {targets[2]}**",
        "ANSWER: A B C D",
        f"It is {targets[4]}",
        f"ANSWER: {other[targets[5]]}\nANSWER: {targets[5]}",
    ]
    verdicts = mock("gpqa-main", answers("gpqa-main", texts), tmp_path)
    assert verdicts == [True, False, True, False, False, True]
    assert metrics(verdicts, tmp_path) == {"accuracy": 0.5, "stderr": pytest.approx(0.2236068), "n": 6}
    assert [one.target for one in samples("gpqa-main").dataset] == targets
    assert len(set(targets)) > 1


def test_programs(tmp_path: Path) -> None:
    found = rows("humaneval")
    name = [row["entry_point"] for row in found]
    texts = [
        found[0]["canonical_solution"],
        f"```python\n{found[1]['prompt']}{found[1]['canonical_solution']}```",
        f"def {name[2]}(x):\n    import sys; sys.exit(0)",
        "import os; os._exit(0)",
        f"class E(int):\n    __eq__ = lambda *_: True\ndef {name[4]}(x): return E()",
        "    pass",
    ]
    verdicts = mock("humaneval", answers("humaneval", texts), tmp_path)
    assert verdicts == [True, True, False, False, False, False]
    wanted = {"accuracy": pytest.approx(1 / 3), "stderr": pytest.approx(0.2108185), "n": 6}
    assert metrics(verdicts, tmp_path) == wanted


def test_calls(tmp_path: Path) -> None:
    wanted = [one.metadata["call"] for one in samples("bfcl").dataset]
    questions = [one.input[-1].text for one in samples("bfcl").dataset]

    def by_question(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        mine = wanted[questions.index(messages[-1].text)]
        # The model's template has no place for tools, so they are in the prompt.
        assert not tools and "add_things" in messages[0].text
        output = ModelOutput.from_content("mock", "")
        output.message.tool_calls = [ToolCall(id="1", function=mine["function"], arguments=mine["arguments"])]
        return output

    verdicts = mock("bfcl", by_question, tmp_path)
    assert metrics(verdicts, tmp_path) == {"accuracy": 1.0, "stderr": 0.0, "n": 6}


def test_calls_in_the_text(tmp_path: Path) -> None:
    def call(**arguments: Any) -> str:
        return f"<tool_call>{json.dumps({'name': 'add_things', 'arguments': arguments})}</tool_call>"

    wanted = [one.metadata["call"]["arguments"] for one in samples("bfcl").dataset]
    texts = [
        call(**wanted[0]),
        call(**{**wanted[1], "had": wanted[1]["had"] + 0.5}),
        call(**{**wanted[2], "had": str(wanted[2]["had"])}),
        call(**wanted[3]) * 2,
        call(**wanted[4], more=1),
        "<tool_call>add_things(1, 2)</tool_call>",
    ]
    verdicts = mock("bfcl", answers("bfcl", texts), tmp_path)
    assert verdicts == [True, False, False, False, False, False]
    wanted_metrics = {"accuracy": pytest.approx(1 / 6), "stderr": pytest.approx(1 / 6), "n": 6}
    assert metrics(verdicts, tmp_path) == wanted_metrics


def test_each_request_has_its_seed(tmp_path: Path) -> None:
    def seeds() -> dict[str, int]:
        seen: dict[str, int] = {}

        def reply(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
            seen[messages[-1].text] = config.seed
            return ModelOutput.from_content("mock", "")

        mock("aime2025", reply, tmp_path)
        return seen

    first = seeds()
    assert len(set(first.values())) == SIZE and seeds() == first


def test_few_shots_are_ten_of_the_training_split() -> None:
    task = samples("gsm8k")
    system = task.dataset[0].input[0].text
    assert system.count("ANSWER:") == 10
    train = [row["question"] for row in rows("gsm8k", "train")]
    assert all(part.split("\n")[0] in train for part in system.split("\n\n")[::3])
    plain = samples("gsm8k", plain=True).dataset[0].input
    assert plain.count("Question:") == 11 and plain.endswith("Reasoning:")


def test_examples_are_drawn_as_datasets_shuffles() -> None:
    from datasets import Dataset

    train = rows("gsm8k", "train")
    wanted = Dataset.from_list(train).shuffle(seed=42).select(range(10))["question"]
    system = samples("gsm8k").dataset[0].input[0].text
    assert [part.split("\n")[0] for part in system.split("\n\n")[::3]] == list(wanted)


def test_no_extensions_of_inspect_ai_are_looked_for() -> None:
    program = (
        "import sys, ptb_evals.chat.run\n"
        "from inspect_ai._util.registry import registry_find\n"
        "registry_find(lambda info: False)\n"
        "sys.exit('inspect_evals' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
