"""Runs an agent and keeps what it prints, one JSON object a line, each stamped with the time at which it
came.

A line that is a JSON object becomes {"time": "2026-01-31T12:00:00.123Z", "event": {...}}, any other {"time":
..., "text": "..."}. The recorder ends when the command ends, even if a process that it left behind still
holds its stdout, and with the command's exit status; what it leaves then is ending.py's.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import IO, Any, TextIO

# Isolated Python does not look beside the script.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from ending import Ending

# A line longer than this is kept only so far, as text: it would not fit in memory next to a training run.
LONGEST_LINE = 16 * 1024 * 1024

# How much is read at once, in bytes; how often the end of the command is looked for, and for how long after
# it what is still in the pipe is read, in seconds: a process left behind may go on writing forever.
BLOCK = 1 << 16
LOOK_EVERY = 0.2
LAST_WORDS = 2.0

Record = dict[str, Any]


def now() -> str:
    """UTC, to the millisecond."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def stamp(line: bytes, time: str, left_out: int = 0) -> Record:
    """The record of one line (without its newline); `left_out` bytes of it were too many to keep."""
    text = line.decode("utf-8", errors="replace").rstrip("\r")
    if left_out:
        return {"time": time, "text": text, "bytes_left_out": left_out}
    try:
        event = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        event = None
    return {"time": time} | ({"event": event} if isinstance(event, dict) else {"text": text})


def _no_constant(name: str) -> float:
    """NaN and Infinity are not JSON, whatever Python thinks: such a line is kept as text."""
    raise ValueError(name)


class Trace:
    """Cuts a stream of blocks into lines and writes their records, each handed on to `follow`. Empty lines
    are dropped.
    """

    def __init__(self, file: TextIO, follow: Callable[[Record], None]) -> None:
        self._file = file
        self._follow = follow
        self._line = bytearray()
        self._left_out = 0

    def add(self, block: bytes) -> None:
        """Takes the next bytes of the stream."""
        *whole, rest = block.split(b"\n")
        for part in whole:
            self._append(part)
            self.end_line()
        self._append(rest)

    def end_line(self) -> None:
        """Writes the line collected so far; called by hand only for a last line without a newline."""
        if self._line.strip():
            self.write(stamp(bytes(self._line), now(), self._left_out))
        self._line.clear()
        self._left_out = 0

    def write(self, record: Record) -> None:
        """On disk at once: whoever is killed next loses nothing."""
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._follow(record)

    def _append(self, part: bytes) -> None:
        kept = part[: LONGEST_LINE - len(self._line)]
        self._line += kept
        self._left_out += len(part) - len(kept)


class Signals:
    """Passes what would end the recorder on to the command: its last words are worth having."""

    def __init__(self) -> None:
        self.came = False

    def pass_on(self, child: subprocess.Popen[bytes]) -> None:
        def handle(number: int, _frame: FrameType | None) -> None:
            self.came = True
            child.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, handle)


def record(command: list[str], trace: Trace, signals: Signals) -> int:
    """Runs `command` and records its stdout; returns its exit status, 128 + n after signal n."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    signals.pass_on(child)
    assert child.stdout is not None
    _copy(child, child.stdout, trace)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _copy(child: subprocess.Popen[bytes], stream: IO[bytes], trace: Trace) -> None:
    os.set_blocking(stream.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        until: float | None = None
        while until is None or monotonic() < until:
            # Looked at before reading: what a command wrote before its end is then surely read after it.
            if until is None and child.poll() is not None:
                until = monotonic() + LAST_WORDS
            if not selector.select(LOOK_EVERY if until is None else 0):
                if until is not None:
                    break
                continue
            block = os.read(stream.fileno(), BLOCK)
            if not block:
                break
            trace.add(block)
    trace.end_line()


def main() -> int:
    """Exits as the command does, but with 75, "try again", where and only where failure.json says why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", type=Path, required=True, help="the agent's folder, with its parser")
    parser.add_argument("--work", type=Path, required=True, help="where trace.jsonl and the other files go")
    parser.add_argument("command", nargs="+", help="after --")
    arguments = parser.parse_args()
    ending = Ending(arguments.agent, arguments.work)
    signals = Signals()
    with (arguments.work / "trace.jsonl").open("a", encoding="utf-8") as file:
        trace = Trace(file, ending.follow)
        status = record(arguments.command, trace, signals)
        for event in ending.left_behind():
            trace.write({"time": now(), "event": event})
    return ending.write(status, stopped=signals.came)


if __name__ == "__main__":
    sys.exit(main())
