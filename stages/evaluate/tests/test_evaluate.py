"""What evaluate.py is asked for in each attempt, by the real evaluate.sh, and what its exit codes become."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

STAGES = Path(__file__).resolve().parents[2]

# Stands for a benchmark's evaluate.py: notes its arguments and ends as it is told.
PROGRAM = """import json, sys
if "--help" in sys.argv: sys.exit(0 if "--engine" in sys.argv else 2)
open("asked.json", "w").write(json.dumps(sys.argv[1:]))
sys.exit(int(open("status").read()))
"""


def evaluate(tmp_path: Path, status: int = 0, **more: str) -> tuple[int, list[str]]:
    """The exit code of evaluate.sh, and what evaluate.py was called with."""
    files = tmp_path / "files"
    (files / "evals" / "sums").mkdir(parents=True)
    (files / "evals" / "sums" / "evaluate.py").write_text(PROGRAM)
    (files / "stages").symlink_to(STAGES)
    (tmp_path / "status").write_text(str(status))
    settings = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PTB_FILES": str(files),
        "PTB_IN_FETCH": str(tmp_path / "fetch"),
        "PTB_IN_FETCH_DATA": str(tmp_path / "data"),
        "PTB_OUT": str(tmp_path / "out"),
        "PTB_BENCHMARK_USE": "sums",
        "PTB_BENCHMARK_ENGINE": "vllm",
        "PTB_BENCHMARK_MAX_TOKENS": "4000",
        "PTB_BENCHMARK_MAX_CONNECTIONS": "512",
        "PTB_BENCHMARK_GPU_MEMORY_UTILIZATION": "0.92",
        "PTB_REPLICATE": "3",
    }
    command = ["bash", str(STAGES / "evaluate" / "evaluate.sh"), "model", "metrics.json", "--few-shot"]
    ended = subprocess.run(command, cwd=tmp_path, env={**settings, **more}, check=False)
    asked = tmp_path / "asked.json"
    return ended.returncode, json.loads(asked.read_text()) if asked.exists() else []


def pairs(arguments: list[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(arguments) if name.startswith("--")}


def test_the_whole_benchmark_with_the_benchmarks_settings(tmp_path: Path) -> None:
    (tmp_path / "fetch" / "templates").mkdir(parents=True)
    code, arguments = evaluate(tmp_path)
    assert code == 0 and "--few-shot" in arguments
    asked = pairs(arguments)
    del asked["--few-shot"]
    assert asked == {
        "--model-path": "model",
        "--json-output-file": "metrics.json",
        "--limit": "-1",
        "--seed": "3",
        "--log-dir": f"{tmp_path}/out/log/metrics",
        "--engine": "vllm",
        "--max-tokens": "4000",
        "--max-connections": "512",
        "--gpu-memory-utilization": "0.92",
        "--templates-dir": f"{tmp_path}/fetch/templates",
    }


def test_a_retry_asks_for_shorter_answers(tmp_path: Path) -> None:
    _, arguments = evaluate(tmp_path, PTB_RETRY_MAX_TOKENS="3000")
    assert pairs(arguments)["--max-tokens"] == "3000"


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4])
def test_the_exit_code_is_evaluates(tmp_path: Path, status: int) -> None:
    assert evaluate(tmp_path, status)[0] == status
    failure = tmp_path / "failure.json"
    assert failure.exists() == (status == 4)
    assert status != 4 or json.loads(failure.read_text())["class"] == "out-of-memory"


def test_a_command_line_that_it_does_not_know_is_not_the_models_fault(tmp_path: Path) -> None:
    """argparse's exit code 2 would say that the model cannot be used."""
    assert evaluate(tmp_path, PTB_BENCHMARK_ENGINE="") == (1, [])
