"""Claude Code's `--output-format stream-json`, as version 2.1.330 prints it.

A `result` ends each session. Its `modelUsage` and `total_cost_usd` include what went before in a continued
session, its
`usage` does not. Token counts in `assistant` events are those at the beginning of an answer: too small for
the output.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ptb_trace import Event, Parser, Tokens, Usage
from ptb_trace.parser import NOTHING, Prices, count, shown


class Claude(Parser):
    def __init__(self) -> None:
        super().__init__()
        self._session = ""
        # Per session of the command line: what results told, what answers since then told, the last
        # answer's id.
        self._told: dict[str, Tokens] = {}
        self._since: dict[str, dict[str, Tokens]] = {}

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        self._session = event.get("session_id") or self._session
        match event.get("type"), event.get("subtype"):
            case "assistant", _:
                yield from self._assistant(event)
            case "user", _:
                yield from self._user(event["message"]["content"])
            case "result", _:
                yield from self._result(event)
            case "system", "init":
                yield self.say(
                    "note", f"Claude Code {event.get('claude_code_version')}, {event.get('model')}"
                )
            case "system", "api_retry":
                status = event.get("error_status")
                yield self.say("error", f"{event.get('error')} ({status}), attempt {event.get('attempt')}")
            case "system", "compact_boundary":
                yield self.say("note", "the conversation was compacted")
            case _:
                pass

    def _assistant(self, event: dict[str, Any]) -> Iterator[Event]:
        message = event["message"]
        if not event.get("is_api_error_message"):
            answers = self._since.setdefault(self._session, {})
            answers[str(message.get("id"))] = _tokens(message.get("usage"))
        for block in message["content"]:
            kind, text = block.get("type"), block.get("text", "")
            if event.get("is_api_error_message"):
                yield self.say("error", text)
            elif kind == "text":
                yield self.say("message", text)
            elif kind == "thinking":
                yield self.say("thinking", block["thinking"])
            elif kind in ("tool_use", "server_tool_use"):
                yield self.say("tool_call", _call(block.get("input")), block.get("name"))
            elif "content" in block:
                yield self.say("tool_result", _content(block["content"]))

    def _user(self, content: Any) -> Iterator[Event]:
        if isinstance(content, str):
            yield self.say("note", content)
            return
        for block in content:
            if block.get("type") == "tool_result":
                yield self.say("tool_result", _content(block.get("content")))
            elif block.get("type") == "text":
                yield self.say("note", block["text"])

    def _result(self, event: dict[str, Any]) -> Iterator[Event]:
        told = NOTHING
        for usage in (event.get("modelUsage") or {}).values():
            cached = count(usage, "cacheReadInputTokens")
            sent = count(usage, "inputTokens") + count(usage, "cacheCreationInputTokens") + cached
            told += Tokens(sent, cached, count(usage, "outputTokens"), float(usage["costUSD"]))
        before = self._told.get(self._session, NOTHING)
        # Grown, it holds what was before; else the command line has begun to count anew.
        self._told[self._session] = told if told.sent >= before.sent else before + told
        self._since.pop(self._session, None)
        self.account(self._session, self._told[self._session])
        if event.get("is_error"):
            yield self.ended_with(
                str(event.get("result") or event.get("subtype")), event.get("api_error_status")
            )

    def usage(self, prices: Prices | None = None) -> Usage:
        for session, answers in self._since.items():
            so_far = sum(answers.values(), self._told.get(session, NOTHING))
            # What it left behind is counted better.
            if self.accounted(session).made <= so_far.made:
                self.account(session, so_far)
        return super().usage(prices)

    def left_behind(self, home: Path) -> Iterator[dict[str, Any]]:
        """The whole token counts of sessions that were cut off, from the conversations that it keeps."""
        for session in self._since:
            answers: dict[str, Tokens] = {}
            for file in home.glob(f".claude/projects/*/{session}.jsonl"):
                with file.open(encoding="utf-8", errors="replace") as lines:
                    answers |= dict(_answers(lines))
            total = sum(answers.values(), NOTHING)
            if total.sent > 0:
                yield {
                    "type": "ptb.tokens",
                    "key": session,
                    "sent": total.sent,
                    "cached": total.cached,
                    "made": total.made,
                }


def _answers(lines: Iterator[str]) -> Iterator[tuple[str, Tokens]]:
    for line in lines:
        if '"usage"' not in line:
            continue
        try:
            message = json.loads(line)["message"]
            yield str(message["id"]), _tokens(message["usage"])
        except (ValueError, KeyError, TypeError):
            continue


def _tokens(usage: Any) -> Tokens:
    cached = count(usage, "cache_read_input_tokens")
    sent = count(usage, "input_tokens") + count(usage, "cache_creation_input_tokens") + cached
    return Tokens(sent, cached, count(usage, "output_tokens"))


def _call(given: Any) -> str:
    """A shell command reads better without the JSON around it."""
    if isinstance(given, dict) and isinstance(given.get("command"), str):
        return str(given["command"])
    return shown(given)


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(block["text"] if "text" in block else f"[{block.get('type')}]" for block in content)
    return shown(content)


PARSER = Claude
