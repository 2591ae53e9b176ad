"""The two things that a trace is read into."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal["message", "thinking", "tool_call", "tool_result", "error", "note"]

# Longer texts are cut in the middle: the trace itself keeps them whole. In characters.
LONGEST_TEXT = 100_000

# Escape sequences of terminals (ECMA-48: CSI, OSC and two-character ones), then what is left of the control
# codes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def readable(text: str) -> str:
    """`text` without terminal codes; a line that was overwritten by carriage returns becomes lines."""
    if len(text) > LONGEST_TEXT:
        half = LONGEST_TEXT // 2
        text = f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


@dataclass(frozen=True)
class Event:
    """One line of the transcript; `time` is UTC in ISO 8601, or None where the trace has none."""

    time: str | None
    kind: Kind
    text: str
    tool: str | None
    session: int

    def line(self) -> str:
        """Without its newline; ASCII, so that no reader's encoding matters."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Usage:
    """Sums over all sessions; `cost_usd` is None where nobody says what the tokens cost."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None
    turns: int
    sessions: int
    tool_calls: int
