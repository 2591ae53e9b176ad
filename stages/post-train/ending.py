"""What an attempt leaves beside its trace, whatever its end:

usage.json    what it used so far, for the bill: the usage record of agents/ptb_trace
end.json      how it ended, who worked, and whether final_model can be loaded; evidence, no score depends on
it
failure.json  where the agent's provider or this machine kept it from working, why; only then it is tried
again
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

# EX_TEMPFAIL asks for another attempt. That is never the agent's to ask: it would try until lucky.
TRY_AGAIN = 75
# EX_CONFIG: solve.sh found no key, or no command line to start.
NOT_READY = 78

# The look at final_model must end within the grace that follows TERM. In seconds.
CHECK_TIME = 15.0

UNKNOWN_USAGE = {
    "input_tokens": 0,
    "cached_tokens": 0,
    "output_tokens": 0,
    "cost_usd": None,
    "turns": 0,
    "sessions": 0,
    "tool_calls": 0,
}


class Ending:
    """Follows a trace with the agent's parser. A parser that breaks costs the usage record, never the
    recording.
    """

    def __init__(self, agent: Path, work: Path) -> None:
        self._work = work
        self._parser: Any = None
        self._broken = ""
        # What describes an attempt is no part of its key, so it may lack in a stage of another project.
        sys.path.insert(0, str(agent.parent))
        try:
            from ptb_trace.load import parser_of

            self._parser = parser_of(agent)
        except Exception as error:
            self._break(error)

    def follow(self, record: dict[str, Any]) -> None:
        """Takes the next record of the trace."""
        if self._parser is not None:
            try:
                self._parser.add(record)
            except Exception as error:
                self._break(error)

    def left_behind(self) -> Iterator[dict[str, Any]]:
        """Events that belong into the trace of an agent that was cut off."""
        if self._parser is not None:
            try:
                yield from self._parser.left_behind(Path.home())
            except Exception as error:
                self._break(error)

    def write(self, status: int, *, stopped: bool) -> int:
        """Leaves the files; returns the exit status to end with. `stopped`: its time was up, or somebody
        ended it.
        """
        _write(self._work / "usage.json", self._usage())
        # Also of an agent whose time was up: its score stands, but those that come would be turned away, too.
        failure = None if status == 0 else self._failure(status)
        if failure is None:
            (self._work / "failure.json").unlink(missing_ok=True)
        else:
            _write(self._work / "failure.json", failure)
        model = check_model(self._work / "task")
        agent = getattr(self._parser, "agent", {})
        document = {"version": 1, "exit": status, "stopped": stopped, "agent": agent, "final_model": model}
        if self._broken:
            document["parser"] = self._broken
        _write(self._work / "end.json", document)
        print(
            f"final_model: {model['state']}{': ' if model['because'] else ''}{model['because']}",
            file=sys.stderr,
        )
        if failure is not None and not stopped:
            return TRY_AGAIN
        return 1 if status == TRY_AGAIN else status

    def _usage(self) -> dict[str, Any]:
        if self._parser is None:
            return UNKNOWN_USAGE
        try:
            prices = json.loads(os.environ.get("PTB_AGENT_USD_PER_MILLION", "null"))
            return asdict(self._parser.usage(prices))
        except Exception as error:
            self._break(error)
            return UNKNOWN_USAGE

    def _failure(self, status: int) -> dict[str, Any] | None:
        if self._parser is None:
            return None
        try:
            if status == NOT_READY and self._parser.unready and self._parser.sessions == 0:
                return {"class": "not-ready", "because": self._parser.unready}
            uses = os.environ.get("PTB_AGENT_USES", "")
            # Where it uses several limits, the message does not say which one turned it away.
            failure: dict[str, Any] | None = self._parser.failure(None if uses.startswith("[") else uses)
        except Exception as error:
            self._break(error)
            return None
        return failure

    def _break(self, error: Exception) -> None:
        self._parser = None
        self._broken = f"{type(error).__name__}: {error}"
        print(f"record.py: the trace's parser broke: {self._broken}", file=sys.stderr)


def check_model(task: Path) -> dict[str, str]:
    """Whether task/final_model can be loaded: {"state": "missing" | "loads" | "broken" | "unchecked",
    "because": …}.

    By the project's own evaluate.py, which reads names and headers only.
    """
    model = task / "final_model"
    if not model.is_dir() or not any(model.iterdir()):
        return {"state": "missing", "because": ""}
    program = (
        Path(os.environ.get("PTB_FILES", ""))
        / "evals"
        / os.environ.get("PTB_BENCHMARK_USE", "")
        / "evaluate.py"
    )
    command = ["python3", str(program), "--model-path", "final_model", "--check"]
    try:
        done = subprocess.run(command, cwd=task, capture_output=True, timeout=CHECK_TIME, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"state": "unchecked", "because": type(error).__name__}
    lines = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
    last = lines[-1].removeprefix("evaluate.py: ")[:300] if lines else ""
    if done.returncode == 0:
        return {"state": "loads", "because": ""}
    # 2 is "this model cannot be used"; it is argparse's for an evaluate.py without --check, too.
    broken = done.returncode == 2 and not any(line.startswith("usage:") for line in lines)
    return {"state": "broken" if broken else "unchecked", "because": last}


def _write(file: Path, document: dict[str, Any]) -> None:
    """Whole or not at all, and over whatever the agent may have put there."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    aside.write_text(json.dumps(document) + "\n", encoding="utf-8")
    aside.replace(file)
