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

STAGE = Path(__file__).resolve().parent.parent
RECORD = STAGE / "record.py"
AGENTS = STAGE.parent.parent / "agents"
# An agent without a parser of its own.
PLAIN = AGENTS / "smoke-sft"


def start(tmp_path: Path, script: str, agent: Path = PLAIN, **more: str) -> subprocess.Popen[bytes]:
    (tmp_path / "task").mkdir(exist_ok=True)
    command = [sys.executable, "-I", str(RECORD), "--agent", str(agent), "--work", str(tmp_path), "--"]
    settings = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path / "home")}
    return subprocess.Popen([*command, "bash", "-c", script], cwd=tmp_path, env={**settings, **more})


def trace(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]


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
    while not (tmp_path / "trace.jsonl").exists() or "ready" not in contents(tmp_path):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 9
    assert contents(tmp_path) == ["ready", "last words"]


def left(tmp_path: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((tmp_path / name).read_text())
    return document


USED = '{"m": {"inputTokens": 5, "outputTokens": 7, "costUSD": 0.5}}'
RESULT = '{"type": "result", "session_id": "s", "modelUsage": ' + USED
REFUSED = RESULT + ', "is_error": true, "api_error_status": 429, "result": "slow down"}'


def test_usage_is_left_whatever_the_end(tmp_path: Path) -> None:
    process = start(tmp_path, f"echo '{RESULT}}}'; sleep 60 & wait", AGENTS / "claude")
    while not (tmp_path / "trace.jsonl").exists() or not contents(tmp_path):
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 143
    assert time.monotonic() - began < 15
    assert left(tmp_path, "usage.json")["cost_usd"] == 0.5
    end = left(tmp_path, "end.json")
    assert (end["exit"], end["stopped"], end["final_model"]["state"]) == (143, True, "missing")


def test_what_the_provider_refused_is_tried_again(tmp_path: Path) -> None:
    assert (
        start(tmp_path, f"echo '{REFUSED}'; exit 1", AGENTS / "claude", PTB_AGENT_USES="anthropic").wait()
        == 75
    )
    assert left(tmp_path, "failure.json") == {
        "class": "temporary",
        "because": "the provider failed: slow down",
        "limit": "anthropic",
    }


@pytest.mark.parametrize("script", ["exit 0", "exit 1"])
def test_the_agent_itself_cannot_ask_for_another_try(tmp_path: Path, script: str) -> None:
    forged = tmp_path / "failure.json"
    saw = """echo '{"type": "user", "session_id": "s", "message": {"content": "429 Too Many Requests"}}'"""
    status = start(tmp_path, f"echo x >{forged}; {saw}; {script}", AGENTS / "claude").wait()
    assert status == int(script[-1]) and not forged.exists()


def test_a_time_limit_is_no_reason_for_another_try(tmp_path: Path) -> None:
    process = start(
        tmp_path, f"trap 'exit 1' TERM; echo '{REFUSED}'; while :; do sleep 0.05; done", AGENTS / "claude"
    )
    while not (tmp_path / "trace.jsonl").exists() or not contents(tmp_path):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 1
    # Those that come would be turned away, too: the limit may be paused.
    assert left(tmp_path, "failure.json")["class"] == "temporary"


def test_a_parser_that_breaks_costs_no_trace(tmp_path: Path) -> None:
    agent = tmp_path / "agents" / "broken"
    agent.mkdir(parents=True)
    (agent.parent / "ptb_trace").symlink_to(AGENTS / "ptb_trace")
    (agent / "trace.py").write_text("raise RuntimeError('bad day')\n")
    assert start(tmp_path, "echo a; echo b", agent).wait() == 0
    assert contents(tmp_path) == ["a", "b"]
    assert "bad day" in left(tmp_path, "end.json")["parser"]
    assert left(tmp_path, "usage.json")["cost_usd"] is None


CHECK = """import sys
assert sys.argv[1:] == ["--model-path", "final_model", "--check"], sys.argv
print("evaluate.py: config.json: cut short", file=sys.stderr)
sys.exit(%d)
"""


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0, {"state": "loads", "because": ""}),
        (2, {"state": "broken", "because": "config.json: cut short"}),
        # The check itself broke down: nothing is known of the model, and the reason is kept.
        (1, {"state": "unchecked", "because": "config.json: cut short"}),
    ],
)
def test_final_model_is_looked_at_when_the_agent_ends(
    tmp_path: Path, status: int, state: dict[str, str]
) -> None:
    own = tmp_path / "files" / "evals" / "sums"
    own.mkdir(parents=True)
    (own / "evaluate.py").write_text(CHECK % status)
    where = {"PTB_FILES": str(tmp_path / "files"), "PTB_BENCHMARK_USE": "sums"}
    assert (
        start(tmp_path, "mkdir task/final_model; touch task/final_model/config.json", PLAIN, **where).wait()
        == 0
    )
    assert left(tmp_path, "end.json")["final_model"] == state
