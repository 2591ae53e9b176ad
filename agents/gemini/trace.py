"""Gemini CLI's `--output-format stream-json`, as version 0.61.0 prints it.

A `result` ends each session, with the counts of that session alone; `total_tokens` holds thoughts,
`output_tokens` does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ptb_trace import Event, Parser, Tokens
from ptb_trace.parser import NOTHING, count, shown

_STATUS = re.compile(r'"code": ?(\d{3})\b')


class Gemini(Parser):
    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._counted: dict[str, int] = {}
        self._session = ""
        self._running = False

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        kind = event.get("type")
        # A message comes in pieces, and ends where another event begins.
        if kind == "message" and event.get("role") == "assistant":
            self._said.append(str(event["content"]))
            return
        yield from self.end()
        match kind:
            case "init":
                self._session, self._running = str(event.get("session_id")), True
                yield self.say("note", f"Gemini CLI, {event.get('model')}")
            case "message":
                yield self.say("note", str(event["content"]))
            case "tool_use":
                given = event.get("parameters")
                command = given.get("command") if isinstance(given, dict) else None
                yield self.say("tool_call", shown(command or given), event.get("tool_name"))
            case "tool_result":
                error = event.get("error")
                yield self.say("tool_result", shown(event.get("output") or (error or {}).get("message", "")))
            case "error":
                yield self.say("error", str(event.get("message")))
            case "result":
                self._running = False
                yield from self._result(event)

    def end(self) -> list[Event]:
        if not self._said:
            return []
        text = "".join(self._said)
        self._said.clear()
        return [self.say("message", text)]

    def _result(self, event: dict[str, Any]) -> Iterator[Event]:
        stats = event.get("stats")
        sent = count(stats, "input_tokens")
        made = max(count(stats, "total_tokens") - sent, count(stats, "output_tokens"))
        # A session that is resumed has the same id, and its counts begin again.
        number = self._counted[self._session] = self._counted.get(self._session, 0) + 1
        self.account(f"{self._session} {number}", Tokens(sent, count(stats, "cached"), made))
        if event.get("status") == "error":
            message = str((event.get("error") or {}).get("message"))
            status = _STATUS.search(message)
            yield self.ended_with(message, int(status[1]) if status else None)

    def left_behind(self, home: Path) -> Iterator[dict[str, Any]]:
        """The token counts of a session that was cut off, from the conversation that it keeps."""
        if not self._running:
            return
        answers: dict[str, Tokens] = {}
        for file in home.glob(f".gemini/tmp/*/chats/session-*-{self._session[:8]}.jsonl"):
            with file.open(encoding="utf-8", errors="replace") as lines:
                answers |= dict(_answers(lines))
        total = sum(answers.values(), NOTHING)
        before = sum((t for key, t in self._accounts.items() if key.startswith(self._session)), NOTHING)
        if total.sent > before.sent:
            yield {
                "type": "ptb.tokens",
                "key": f"{self._session} last",
                "sent": total.sent - before.sent,
                "cached": max(total.cached - before.cached, 0),
                "made": max(total.made - before.made, 0),
            }


def _answers(lines: Iterator[str]) -> Iterator[tuple[str, Tokens]]:
    for line in lines:
        if '"tokens"' not in line:
            continue
        try:
            message = json.loads(line)
            tokens = message["tokens"]
            made = count(tokens, "output") + count(tokens, "thoughts")
            yield str(message["id"]), Tokens(count(tokens, "input"), count(tokens, "cached"), made)
        except (ValueError, KeyError, TypeError):
            continue


PARSER = Gemini
