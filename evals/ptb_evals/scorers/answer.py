"""A completion, what a scorer says of it, and the part of it that is its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A function call; `broken` where what stands for one cannot be read."""

    function: str
    arguments: dict[str, Any]
    broken: bool = False


@dataclass(frozen=True)
class Reply:
    """What a model said to a sample. `calls` are the tool calls that the engine has taken out of the text
    already.
    """

    text: str
    target: str
    metadata: dict[str, Any] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """`answer` is what was taken for the answer, `because` why it is wrong where that needs words."""

    right: bool
    answer: str
    because: str = ""


_LINE = re.compile(r"^[\s*_#>`]*answer[\s*_`]*[:=][\s*_`]*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


def after_thinking(completion: str) -> str:
    """What follows the last </think>; nothing where thinking never ended: then nothing was answered."""
    _, closed, rest = completion.rpartition("</think>")
    if closed:
        return rest
    return "" if "<think>" in rest else rest


def answer_line(text: str) -> str | None:
    """What follows the last line that begins with "ANSWER:", in any case and markdown emphasis."""
    found = _LINE.findall(text)
    return str(found[-1]).strip("*_` ") if found else None


def boxed(text: str) -> str | None:
    r"""What stands in the last \boxed{…}, braces inside it included."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    inside, depth = text[start + len("\\boxed{") :], 1
    for place, character in enumerate(inside):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return inside[:place]
    return None
