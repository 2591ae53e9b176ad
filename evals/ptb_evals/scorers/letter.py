"""Multiple choice: one letter, and only one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from .answer import Reply, Verdict, after_thinking, answer_line, boxed

_LETTER = re.compile(r"^\W*(?:\\text\W*)?([A-Z])(?:\W*$|\s*[).:]\s)")


def shuffled(right: str, wrong: Sequence[str], seed: str) -> tuple[list[str], str]:
    """All choices in an order that depends on `seed` alone, and the letter of the right one."""
    order = list(range(len(wrong) + 1))
    Random(seed).shuffle(order)
    choices = [[right, *wrong][place] for place in order]
    return choices, chr(ord("A") + order.index(0))


def lettered(choices: Sequence[str]) -> str:
    return "\n".join(f"{chr(ord('A') + place)}) {choice}" for place, choice in enumerate(choices))


def letter_of(completion: str) -> str | None:
    """The letter after the last "ANSWER:", else in the last \\boxed{…}; None for none or several."""
    text = after_thinking(completion)
    given = answer_line(text)
    given = given if given is not None and "\\boxed{" not in given else boxed(text)
    match = _LETTER.match(given) if given is not None else None
    return match[1] if match else None


def judge(reply: Reply) -> Verdict:
    given = letter_of(reply.text)
    return Verdict(given == reply.target, given or "")
