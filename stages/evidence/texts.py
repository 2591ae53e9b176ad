"""What an agent wrote as programs, and what it did: the texts that checks read with patterns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from work import File

# Programs and what steers them. Longer ones are data.
SCRIPTS = (
    ".py", ".sh", ".bash", ".ipynb", ".js", ".mjs", ".ts", ".rb", ".pl", ".r", ".jl", ".yaml", ".yml",
    ".toml", ".cfg", ".env", ".ini", ".mk", "makefile", ".conf",
)  # fmt: skip
LONGEST_SCRIPT = 4 << 20

# One record of a trace is read so far.
LONGEST_RECORD = 1 << 20


@dataclass(frozen=True)
class Text:
    """`line` is that of its beginning in the file. `did`: a program or a command, as against something that
    the agent was shown or said."""

    name: str
    line: int
    text: str
    did: bool = True


def scripts(files: Iterable[File]) -> Iterator[Text]:
    """The agent's programs. A notebook's escapes are resolved; files that cannot be read are left out: the
    check that reads every file says so."""
    for file in files:
        if not file.name.lower().endswith(SCRIPTS) or file.size > LONGEST_SCRIPT:
            continue
        try:
            text = file.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # Line breaks stay where they are in the file.
        yield Text(file.name, 1, text.replace('\\"', '"') if file.name.endswith(".ipynb") else text)


def trace(file: Path | None) -> Iterator[Text]:
    """The records of a readable transcript ({"time", "kind", "text", "tool", "session"} a line), or of a raw
    trace ({"time", "event" | "text"} a line). Of a raw trace nobody can say what the agent did and what it
    was shown, but for the simplest."""
    if file is None or not file.is_file():
        return
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            record = _object(line[:LONGEST_RECORD])
            if "kind" in record:
                yield Text(file.name, number, _text(record.get("text")), "call" in str(record["kind"]))
            elif isinstance(record.get("event"), dict):
                event = record["event"]
                yield Text(file.name, number, _text(event), event.get("type") == "tool_call")
            else:
                yield Text(
                    file.name, number, _text(record.get("text")) or line.decode("utf-8", "replace"), False
                )


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """All texts in it, a line each."""
    parts: list[str] = []
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            rest.extend(reversed(one))
        elif one is not None:
            parts.append(str(one))
    return "\n".join(parts)


def place(text: Text, offset: int) -> tuple[int, str]:
    """The line (a record of a trace is one line), and what stands there."""
    start = text.text.rfind("\n", 0, offset) + 1
    end = text.text.find("\n", offset)
    line = text.text[start : end if end >= 0 else len(text.text)]
    shown = line if len(line) <= 240 else text.text[max(start, offset - 60) : offset + 180]
    is_record = text.name.endswith(".jsonl")
    return (text.line if is_record else text.line + text.text.count("\n", 0, offset)), shown
