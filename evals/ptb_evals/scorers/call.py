"""One function call, which must be the right function with exactly the right arguments.

Where the engine has not taken the calls out of the text, they are read as the hermes format writes them:
<tool_call>{"name": ..., "arguments": {...}}</tool_call>.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .answer import Call, Reply, Verdict, after_thinking

_CALL = re.compile(r"<tool_call>(.*?)(?:</tool_call>|$)", re.DOTALL)


def hermes(completion: str) -> tuple[Call, ...]:
    """All calls in order. One that is not JSON of that shape is kept as broken: it counts as a call."""
    return tuple(_call(text) for text in _CALL.findall(after_thinking(completion)))


def _call(text: str) -> Call:
    try:
        document: Any = json.loads(text)
        function, arguments = document["name"], document["arguments"]
    except (ValueError, KeyError, TypeError):
        return Call("", {}, broken=True)
    if not isinstance(function, str) or not isinstance(arguments, dict):
        return Call("", {}, broken=True)
    return Call(function, arguments)


def same(given: Any, wanted: Any) -> bool:
    """Equality of JSON values, types included: true is not 1, "5" is not 5. 5 and 5.0 are the same JSON
    number.
    """
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if isinstance(given, dict) and isinstance(wanted, dict):
        return given.keys() == wanted.keys() and all(same(given[key], wanted[key]) for key in wanted)
    if isinstance(given, list) and isinstance(wanted, list):
        return len(given) == len(wanted) and all(map(same, given, wanted))
    if isinstance(given, (int, float)) and isinstance(wanted, (int, float)):
        return given == wanted
    return type(given) is type(wanted) and bool(given == wanted)


def judge(reply: Reply) -> Verdict:
    """The sample's metadata "call" is the wanted {function, arguments}. Two calls are wrong, even of the
    same.
    """
    wanted = reply.metadata["call"]
    calls = reply.calls or hermes(reply.text)
    right = (
        len(calls) == 1
        and not calls[0].broken
        and calls[0].function == wanted["function"]
        and same(calls[0].arguments, wanted["arguments"])
    )
    return Verdict(right, json.dumps([[call.function, call.arguments] for call in calls]))
