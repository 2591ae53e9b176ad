"""OpenCode's `run --format json`, as version 1.18.33 prints it: each step of the model ends with its own
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ptb_trace import Event, Parser, Tokens
from ptb_trace.parser import NOTHING, count, shown


class OpenCode(Parser):
    def __init__(self) -> None:
        super().__init__()
        self._sum = NOTHING

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        part = event.get("part") or {}
        match event.get("type"):
            case "text":
                yield self.say("message", part["text"])
            case "reasoning":
                yield self.say("thinking", part["text"])
            case "tool_use":
                yield from self._tool(part)
            case "step_finish":
                self._sum += _tokens(part)
                self.account("steps", self._sum)
            case "error":
                error = event["error"]
                data = error.get("data") or {}
                message = str(data.get("message") or error.get("name"))
                yield self.ended_with(message, data.get("statusCode"))
            case _:
                pass

    def _tool(self, part: dict[str, Any]) -> Iterator[Event]:
        state, tool = part["state"], str(part.get("tool"))
        given = state.get("input")
        command = given.get("command") if isinstance(given, dict) else None
        yield self.say("tool_call", shown(command or given), tool)
        yield self.say("tool_result", shown(state.get("output", state.get("error", ""))), tool)


def _tokens(part: dict[str, Any]) -> Tokens:
    tokens, cost = part["tokens"], part.get("cost")
    cached = count(tokens["cache"], "read")
    sent = count(tokens, "input") + count(tokens["cache"], "write") + cached
    made = count(tokens, "output") + count(tokens, "reasoning")
    # It knows no price of the model where it says 0.
    return Tokens(sent, cached, made, float(cost) if isinstance(cost, (int, float)) and cost > 0 else None)


PARSER = OpenCode
