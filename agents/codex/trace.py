"""Codex' `exec --json`, as version 0.169.0 prints it.

`turn.completed` ends each session; its usage is the thread's sum, so that a resumed one includes what went
before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ptb_trace import Event, Parser, Tokens
from ptb_trace.parser import count, shown

_STATUS = re.compile(r"\bstatus (?:code )?(\d{3})\b")
# Of an item, what is no news: its bookkeeping.
_KEEPING = ("id", "type", "status")


class Codex(Parser):
    def __init__(self) -> None:
        super().__init__()
        self._thread = ""
        self._open: set[str] = set()

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        match event.get("type"):
            case "thread.started":
                self._thread = str(event["thread_id"])
            case "turn.started":
                self._open.add(self._thread)
            case "turn.completed":
                self._open.discard(self._thread)
                self.account(self._thread, _tokens(event["usage"]))
            case "turn.failed":
                message = str(event["error"]["message"])
                status = _STATUS.search(message)
                yield self.ended_with(message, int(status[1]) if status else None)
            case "error":
                yield self.say("error", str(event.get("message")))
            case "item.started" if event["item"].get("type") == "command_execution":
                yield self.say("tool_call", event["item"]["command"], "shell")
            case "item.completed":
                yield from self._item(event["item"])
            case _:
                pass

    def _item(self, item: dict[str, Any]) -> Iterator[Event]:
        match item.get("type"):
            case "agent_message":
                yield self.say("message", item["text"])
            case "reasoning":
                yield self.say("thinking", item["text"])
            case "command_execution":
                code = item.get("exit_code")
                ended = "" if code in (0, None) else f"\nexit {code}"
                yield self.say("tool_result", f"{item.get('aggregated_output') or ''}{ended}", "shell")
            case "error":
                yield self.say("error", item["message"])
            case "todo_list":
                yield self.say("note", shown(item.get("items")))
            case kind:
                rest = {key: value for key, value in item.items() if key not in _KEEPING}
                result = rest.pop("result", None)
                yield self.say("tool_call", shown(rest), str(kind))
                yield self.say(
                    "tool_result", shown(item.get("status") if result is None else result), str(kind)
                )

    def left_behind(self, home: Path) -> Iterator[dict[str, Any]]:
        """The token counts of threads that were cut off, from the records that it keeps of them."""
        for thread in self._open:
            last: dict[str, Any] | None = None
            for file in home.glob(f".codex/sessions/*/*/*/rollout-*-{thread}.jsonl"):
                with file.open(encoding="utf-8", errors="replace") as lines:
                    for line in lines:
                        if '"token_usage_record"' in line:
                            last = _total(line) or last
            if last is not None:
                total = _tokens(last)
                yield {
                    "type": "ptb.tokens",
                    "key": thread,
                    "sent": total.sent,
                    "cached": total.cached,
                    "made": total.made,
                }


def _tokens(usage: dict[str, Any]) -> Tokens:
    return Tokens(
        count(usage, "input_tokens"), count(usage, "cached_input_tokens"), count(usage, "output_tokens")
    )


def _total(line: str) -> dict[str, Any] | None:
    try:
        total = json.loads(line)["payload"]["thread_token_usage"]
    except (ValueError, KeyError, TypeError):
        return None
    return total if isinstance(total, dict) else None


PARSER = Codex
