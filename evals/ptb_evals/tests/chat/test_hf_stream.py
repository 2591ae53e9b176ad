"""Continuous batching says what answering batch by batch says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from ptb_evals.chat.hf_batch import Prompt, Reply, reply_to
from ptb_evals.chat.hf_stream import can_stream, replies_to

from .world import model_folder

TEXT = "Ann has 3 apples and gets 2 more. How many apples has Ann now? Ben has 4 stones."


def load(folder: Path) -> tuple[Any, Any]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), tokenizer


def prompts(tokenizer: Any, count: int) -> list[Prompt]:
    """Of different lengths, rooms and seeds."""
    ids = tokenizer(TEXT)["input_ids"]
    return [Prompt(ids[: 2 + n % 9], 3 + 7 * n % 40, n) for n in range(count)]


@pytest.mark.parametrize("family", ["qwen3", "smollm3"])
@pytest.mark.parametrize("greedy", [True, False])
def test_as_in_batches(family: str, greedy: bool) -> None:
    """With fewer rows than prompts, so that rows are filled again, and taken out at the end."""
    model, tokenizer = load(model_folder(family))
    assert can_stream(model)
    asked = prompts(tokenizer, 11)
    alone: list[Reply] = [reply_to([one], model, tokenizer, greedy, ())[0] for one in asked]
    replies = dict(replies_to(asked, model, tokenizer, greedy, (), rows=4))
    assert [replies[number] for number in range(len(asked))] == alone


def test_a_token_that_ends_every_answer() -> None:
    model, tokenizer = load(model_folder())
    (one,) = prompts(tokenizer, 1)
    first = reply_to([one], model, tokenizer, True, ())[0]
    model.generation_config.eos_token_id = tokenizer(first.text, add_special_tokens=False)["input_ids"][:1]
    assert dict(replies_to([one], model, tokenizer, True, (), rows=4)) == {0: Reply("", 0, ended=True)}


def test_an_answer_ends_at_a_stop_text() -> None:
    model, tokenizer = load(model_folder())
    asked = prompts(tokenizer, 3)
    whole = dict(replies_to(asked, model, tokenizer, False, (), rows=2))[2].text
    mark = whole[len(whole) // 2 :][:3]
    cut = dict(replies_to(asked, model, tokenizer, False, (mark,), rows=2))[2]
    assert cut.text == whole[: whole.find(mark)] and cut.ended
