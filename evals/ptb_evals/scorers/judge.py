"""The process that runs a problem's tests: `python3 -I judge.py`, a JSON document on stdin, a verdict on
stdout.

The answer runs in a process of its own, behind `command`; here its function is only a question over a pipe.
So nothing that an answer does can touch the tests: an exit, a patched builtin, an object that equals
everything, a forged verdict.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import wire  # type: ignore[import-not-found]

# Characters of one line: what never ends must not fill our memory.
LONGEST = 1 << 24

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def main() -> None:
    sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else None
    task: dict[str, Any] = json.load(sys.stdin)
    hide()
    reason = judge(task)
    print(json.dumps({"nonce": task["nonce"], "passed": reason is None, "because": reason}))


def hide() -> None:
    """No other process of our user may look into this one, at its memory or its pipes. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def judge(task: dict[str, Any]) -> str | None:
    """Why the answer is wrong; None when all assertions hold."""
    process = subprocess.Popen(
        task["command"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        preexec_fn=end_with_parent,
        # Its own process group: kill(0) must not reach us.
        start_new_session=True,
    )
    try:
        candidate = Candidate(process)
        candidate.ask({key: task[key] for key in ("code", "entry_point", "memory", "seconds")})
        # The prompt's imports and helpers are the tests' too.
        namespace: dict[str, Any] = {"__name__": "tests"}
        exec(compile(task["prompt"] + "\n    pass\n", "prompt", "exec"), namespace)
        namespace[task["entry_point"]] = candidate
        exec(compile(task["test"], "test", "exec"), namespace)
        namespace["check"](candidate)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]
    finally:
        process.kill()
        process.wait()
    return None


class WrongAnswer(Exception):
    """The answer's process said what no function says, or nothing any more."""


class Candidate:
    """The answer's function, as the tests see it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask({"args": args, "kwargs": kwargs})

    def ask(self, question: dict[str, Any]) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(wire.dumps(question))
            self._process.stdin.flush()
            said = wire.loads(self._process.stdout.readline(LONGEST))
        except (OSError, ValueError):
            raise WrongAnswer("the answer's process ended") from None
        if not isinstance(said, dict) or set(said) != {"value"}:
            raise WrongAnswer(said.get("error") if isinstance(said, dict) else "nonsense")
        return said["value"]


if __name__ == "__main__":
    main()
