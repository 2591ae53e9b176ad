"""Runs the recorder as the stage does: a real process around a real command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(__file__).resolve().parent.parent / "record.py"


def start(tmp_path: Path, script: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", str(RECORD), "--trace", str(tmp_path / "trace"), "--"]
    return subprocess.Popen([*command, "bash", "-c", script])


def trace(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]


def contents(tmp_path: Path) -> list[Any]:
    return [entry.get("event", entry.get("text")) for entry in trace(tmp_path)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo '{\"a\": 1}'; echo; echo plain", [{"a": 1}, "plain"]),
        ("printf 'no newline'", ["no newline"]),
        ('printf \'[1]\\n3\\n"x"\\n{"a": NaN}\\n\'', ["[1]", "3", '"x"', '{"a": NaN}']),
        (r"printf 'a\xffb\r\n'", ["a\ufffdb"]),
    ],
)
def test_lines(tmp_path: Path, script: str, expected: list[Any]) -> None:
    assert start(tmp_path, script).wait() == 0
    assert contents(tmp_path) == expected


def test_stamps_with_utc(tmp_path: Path) -> None:
    start(tmp_path, "echo hello").wait()
    (entry,) = trace(tmp_path)
    assert time.strftime("%Y-%m-%dT%H:", time.gmtime()) == entry["time"][:14] and entry["time"][-1] == "Z"


def test_a_line_that_does_not_end_is_cut(tmp_path: Path) -> None:
    start(tmp_path, "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo next").wait()
    huge, following = trace(tmp_path)
    assert len(huge["text"]) == 16 * 1024 * 1024
    assert huge["bytes_left_out"] == 20_000_000 - 16 * 1024 * 1024
    assert following["text"] == "next"


@pytest.mark.parametrize(("status", "passed_on"), [(0, 0), (3, 3), (75, 1)])
def test_exit_status(tmp_path: Path, status: int, passed_on: int) -> None:
    assert start(tmp_path, f"exit {status}").wait() == passed_on


@pytest.mark.parametrize("left_behind", ["sleep 60", "while :; do echo on and on; done"])
def test_does_not_wait_for_what_the_command_left_behind(tmp_path: Path, left_behind: str) -> None:
    began = time.monotonic()
    pid_file = tmp_path / "pid"
    assert start(tmp_path, f"({left_behind}) & echo $! >{pid_file}; echo done").wait() == 0
    subprocess.run(["kill", pid_file.read_text().strip()], check=False)
    assert time.monotonic() - began < 20
    assert "done" in contents(tmp_path)


def test_passes_the_signal_on_and_keeps_the_last_words(tmp_path: Path) -> None:
    script = "trap 'echo last words; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    process = start(tmp_path, script)
    while not (tmp_path / "trace").exists() or "ready" not in contents(tmp_path):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 9
    assert contents(tmp_path) == ["ready", "last words"]
