"""What an agent did, from the trace of its command line: one readable transcript and one usage record for
all agents.

A trace is the file that stages/post-train/record.py writes: a JSON object a line, {"time", "event"} for a
line that was a
JSON object and {"time", "text"} for any other. `agents/<name>/trace.py` subclasses `Parser` for what its
command line
prints and names the class `PARSER`; an agent without one is read by `Plain`.

The transcript (transcript.jsonl) is one event a line:

    {"time": "2026-01-31T12:00:00.123Z" | null, "kind": "message" | "thinking" | "tool_call" | "tool_result"
    | "error" | "note",
     "text": str, "tool": str | null, "session": int}

`text` has neither control codes nor escape sequences; `session` counts from 1, and a re-prompted agent has
several. The
usage record (usage.json) is the sum over all sessions:

    {"input_tokens": int, "cached_tokens": int, "output_tokens": int, "cost_usd": float | null, "turns": int,
     "sessions": int, "tool_calls": int}

`input_tokens` counts all that was sent, `cached_tokens` the part of it that was read from the provider's
cache.
"""

from __future__ import annotations

from .event import Event, Kind, Usage
from .failure import Prevented
from .parser import Parser, Plain, Tokens

__all__ = ["Event", "Kind", "Parser", "Plain", "Prevented", "Tokens", "Usage"]
