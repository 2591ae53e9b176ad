"""Functions that must pass their problem's tests; how an answer is kept from cheating is in judge.py and
cage.py.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .answer import Reply, Verdict, after_thinking
from .cage import caged, python

HERE = Path(__file__).resolve().parent

# Wall seconds for all of a problem's tests, and bytes that an answer may take.
SECONDS, MEMORY = 30, 1 << 30

_BLOCK = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)


def program_of(completion: str, prompt: str, entry_point: str) -> str:
    """The program that a completion is: a whole function, or a body that continues the prompt.

    Of several fenced blocks the first that defines the function counts, else the first; without a fence, all
    of the text.
    """
    text = after_thinking(completion)
    blocks: list[str] = _BLOCK.findall(text) or [text]
    defines = re.compile(rf"^(?:async )?def\s+{re.escape(entry_point)}\b", re.MULTILINE)
    code = next((block for block in blocks if defines.search(block)), blocks[0])
    if defines.search(code):
        return prompt[: match.start() if (match := defines.search(prompt)) else 0] + _whole(code)
    return prompt + "\n" + _body(code)


def _whole(code: str) -> str:
    """From the first line of code up to the last that still is Python: around it there may be prose."""
    lines = code.splitlines()
    start = next(
        (n for n, line in enumerate(lines) if re.match(r"(def|async|from|import|class|@)\b", line)), 0
    )
    for end in range(len(lines), start, -1):
        try:
            compile("\n".join(lines[start:end]), "answer", "exec")
        except (SyntaxError, ValueError):
            continue
        return "\n".join(lines[start:end])
    return code


def _body(code: str) -> str:
    """Up to the first line that is no longer indented; a body that is not indented at all gets its
    indentation.
    """
    lines = code.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first and not first[0].isspace():
        return "\n".join(f"    {line}" for line in lines)
    until = next((n for n, line in enumerate(lines) if line.strip() and not line[0].isspace()), len(lines))
    return "\n".join(lines[:until])


def passes(
    code: str, problem: dict[str, Any], hidden: Sequence[Path] = (), seconds: int = SECONDS
) -> tuple[bool, str]:
    """Whether `code` passes the tests of `problem` (its prompt, test and entry_point), and why not."""
    nonce = secrets.token_hex(16)
    parts = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("wire.py", "answering.py"))
    task = {
        **{name: problem[name] for name in ("prompt", "test", "entry_point")},
        "code": code,
        "command": [*caged(hidden), python(), "-I", "-S", "-c", parts],
        "memory": MEMORY,
        "seconds": seconds,
        "nonce": nonce,
    }
    try:
        ended = subprocess.run(
            [python(), "-I", str(HERE / "judge.py")],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        verdict = json.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        return False, f"not done after {seconds} s"
    except ValueError:
        return False, "no verdict"
    return verdict["nonce"] == nonce and verdict["passed"] is True, verdict["because"] or ""


def judge(reply: Reply, hidden: Sequence[Path] = ()) -> Verdict:
    """The sample's metadata are the data set's own fields; answers must not see the `hidden` folders."""
    code = program_of(reply.text, reply.metadata["prompt"], reply.metadata["entry_point"])
    right, because = passes(code, reply.metadata, hidden)
    return Verdict(right, code, because)
