"""The engine `vllm` through evaluate.py and the real inspect-ai, with a stand-in for vLLM's server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from .world import EVALS, SIZE

PROGRAM = [str(EVALS / "gsm8k" / "evaluate.py"), "--engine", "vllm", "--model-path", "tiny/qwen3"]
PROGRAM += ["--limit", "-1", "--max-connections", "1"]
STAND_IN = Path(__file__).parent / "stand-in-vllm"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """The file that names the process which holds the GPU's memory."""
    return tmp_path / "engine"


@pytest.fixture
def start(tmp_path: Path, home: Path, engine: Path) -> Start:
    """evaluate.py of gsm8k; what the server does."""
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN}/stand_in.py "$@"\n')
    program.chmod(0o755)

    def started(does: str = "") -> subprocess.Popen[str]:
        environment = os.environ | {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(STAND_IN), *sys.path]),
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "1",
            "STAND_IN_DOES": does,
            "STAND_IN_ENGINE": str(engine),
        }
        return subprocess.Popen(
            [sys.executable, *PROGRAM],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return started


def is_gone(engine: Path) -> bool:
    return not psutil.pid_exists(int(engine.read_text()))


def test_a_score_and_nothing_left_behind(start: Start, engine: Path) -> None:
    program = start()
    said, complained = program.communicate(timeout=120)
    assert (program.returncode, complained) == (0, "")
    assert json.loads(said) == {"accuracy": 0.0, "stderr": 0.0, "n": SIZE}
    assert is_gone(engine)


@pytest.mark.parametrize("does", ["refuse", "die"])
def test_no_memory_is_said_with_the_servers_reason(start: Start, engine: Path, does: str) -> None:
    program = start(does)
    complained = program.communicate(timeout=120)[1]
    assert program.returncode == 4
    reason = "The server: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB"
    assert complained.splitlines()[-1].endswith(reason)
    assert is_gone(engine)


def test_another_reason_is_said(start: Start, engine: Path) -> None:
    program = start("break")
    complained = program.communicate(timeout=120)[1]
    assert program.returncode == 1
    assert complained.splitlines()[-1] == (
        "evaluate.py: RuntimeError: Failed to start vLLM server: Server process exited unexpectedly with"
        " code 1. The server: ValueError: unknown rope type"
    )
    assert is_gone(engine)


def test_told_to_end_it_ends_its_server(start: Start, engine: Path, tmp_path: Path) -> None:
    program = start("wait")
    until = time.monotonic() + 60
    while not (tmp_path / "asked").exists() and time.monotonic() < until:
        time.sleep(0.1)
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=30)
    assert program.returncode == 128 + signal.SIGTERM
    assert is_gone(engine)
