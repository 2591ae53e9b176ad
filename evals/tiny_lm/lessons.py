"""Chats to train on, in the words in which the benchmarks ask, from the trained side of the line only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

from .skills import choices, functions, sums

Chat = list[dict[str, str]]

# Chats of one kind and length that follow each other: a batch, so that none is padded to another's length.
TOGETHER = 16


def lessons(benchmark: str, seed: int) -> Iterator[Chat]:
    """Endless chats of one benchmark, each with its right answer at the end. Raises KeyError for an unknown
    one.
    """
    make = {"gsm8k": _gsm8k, "humaneval": _humaneval, "gpqa-main": _gpqa}[benchmark]
    return make(Random(f"{benchmark} {seed}"))


def texts(seed: int = 0, each: int = 400) -> list[str]:
    """All that the tokenizer must know."""
    names = ("gsm8k", "humaneval", "gpqa-main")
    chats = (chat for name in names for chat in islice(lessons(name, seed), each))
    return [f"\n{message['role']}\n{message['content']}" for chat in chats for message in chat]


def _chat(question: str, answer: str, before: str | None = None) -> Chat:
    system = [] if before is None else [{"role": "system", "content": before}]
    return [*system, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _gsm8k(rng: Random) -> Iterator[Chat]:
    from inspect_evals.gsm8k.gsm8k import MATH_PROMPT_TEMPLATE

    # Few have ten examples before them, as the benchmark has: such chats are long.
    while True:
        shots = [
            f"{one.question}\n\nReasoning:\n{one.a} + {one.b} = {one.answer}\n\nANSWER: {one.answer}"
            for one in islice(sums(rng, tested=False), rng.choice((1, 1, 1, 1, 1, 1, 1, 10)))
        ]
        for one in islice(sums(rng, tested=False), TOGETHER):
            question = MATH_PROMPT_TEMPLATE.replace("{prompt}", one.question)
            answer = f"{one.a} + {one.b} = {one.answer}\n\nANSWER: {one.answer}"
            yield _chat(question, answer, "\n\n".join(shots))


def _humaneval(rng: Random) -> Iterator[Chat]:
    from inspect_evals.humaneval.humaneval import INSTRUCTION

    while True:
        for one in functions(rng, tested=False):
            yield _chat(INSTRUCTION + one.prompt, one.body)


def _gpqa(rng: Random) -> Iterator[Chat]:
    from inspect_ai.solver import MultipleChoiceTemplate

    for one in choices(rng, tested=False):
        options = [one.right, *one.wrong]
        rng.shuffle(options)
        lines = "\n".join(f"{letter}) {option}" for letter, option in zip("ABCD", options, strict=True))
        question: Any = MultipleChoiceTemplate.SINGLE_ANSWER_COT.value.format(
            letters="A,B,C,D", question=one.question, choices=lines
        )
        yield _chat(question, f"ANSWER: {'ABCD'[options.index(one.right)]}")
