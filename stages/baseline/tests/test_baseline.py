"""Which baselines there are, and what each is asked with, by the real run.sh."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

STAGES = Path(__file__).resolve().parents[2]
EVALS = STAGES.parent / "evals"

# Stands for a benchmark's evaluate.py: leaves what it was asked for in the place of the score.
PROGRAM = """import sys
arguments = sys.argv[1:]
if "--help" not in arguments:
    model = open(arguments[arguments.index("--model-path") + 1] + "/name").read()
    shown = " few-shot" if "--few-shot" in arguments else ""
    open(arguments[arguments.index("--json-output-file") + 1], "w").write(model + shown)
"""


def model(hub: Path, repo: str) -> None:
    folder = hub / f"models--{repo.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc\n")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / "name").write_text(repo)


@pytest.mark.parametrize(
    ("few_shot", "wanted"),
    [
        ("true", {"base": "org/base", "fewshot": "org/base few-shot", "instruct": "org/chat"}),
        ("", {"base": "org/base", "instruct": "org/chat"}),
    ],
)
def test_the_baselines(tmp_path: Path, few_shot: str, wanted: dict[str, str]) -> None:
    files, out, hub = tmp_path / "files", tmp_path / "out", tmp_path / "fetch" / "hub"
    (files / "evals" / "sums").mkdir(parents=True)
    (files / "evals" / "sums" / "evaluate.py").write_text(PROGRAM)
    (files / "stages").symlink_to(STAGES)
    out.mkdir()
    model(hub, "org/base")
    model(hub, "org/chat")
    settings = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PTB_FILES": str(files),
        "PTB_IN_FETCH": str(tmp_path / "fetch"),
        "PTB_IN_FETCH_DATA": str(tmp_path / "data"),
        "PTB_OUT": str(out),
        "PTB_MODEL_BASE": "org/base",
        "PTB_MODEL_INSTRUCT": "org/chat",
        "PTB_BENCHMARK_USE": "sums",
        "PTB_BENCHMARK_MAX_TOKENS": "100",
        **({"PTB_BENCHMARK_FEW_SHOT": few_shot} if few_shot else {}),
    }
    subprocess.run(["bash", str(STAGES / "baseline" / "run.sh")], cwd=tmp_path, env=settings, check=True)
    assert {file.stem: file.read_text() for file in out.glob("*.json")} == wanted


def test_one_benchmark_of_the_five_defines_examples() -> None:
    """GSM8K asks with ten; inspect_evals has none for the others."""
    five = ("aime2025", "bfcl", "gpqa-main", "gsm8k", "humaneval")
    few = [name for name in five if "\nfew-shot: true\n" in (EVALS / name / "eval.yaml").read_text()]
    assert few == ["gsm8k"]
