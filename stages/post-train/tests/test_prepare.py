"""What the agent finds, laid out by the real scripts."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

import pytest

STAGE = Path(__file__).resolve().parent.parent


def project(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    (files / "stages").mkdir(parents=True)
    (files / "stages" / "post-train").symlink_to(STAGE)
    own, shared = files / "evals" / "sums", files / "evals" / "ptb_evals"
    (own / "task_context").mkdir(parents=True)
    (own / "evaluate.py").write_text("evaluate")
    (own / "benchmark.txt").write_text("Sums & \\1 {model}\n")
    (own / "task_context" / "hint.md").write_text("hint")
    (shared / "tests").mkdir(parents=True)
    (shared / "score.py").write_text("score")
    (shared / "tests" / "test_score.py").write_text("test")
    return files


def prepare(tmp_path: Path, **more: str) -> str:
    (tmp_path / "work").mkdir()
    settings = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PTB_FILES": str(project(tmp_path)),
        "PTB_IN_FETCH": str(tmp_path / "fetch"),
        "PTB_BENCHMARK_USE": "sums",
        "PTB_MODEL_BASE": "org/a&b\\n",
        "PTB_HOURS": "10",
    }
    command = ["bash", str(STAGE / "prepare.sh")]
    subprocess.run(command, cwd=tmp_path / "work", env={**settings, **more}, check=True)
    return (tmp_path / "work" / "prompt.txt").read_text()


def test_work_folder(tmp_path: Path) -> None:
    prepare(tmp_path)
    task = tmp_path / "work" / "task"
    found = sorted(path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file())
    assert found == ["benchmark.txt", "evaluate.py", "hint.md", "ptb_evals/score.py", "timer.sh"]


def test_the_chat_template_is_the_agents_own_copy(tmp_path: Path) -> None:
    """An input is a link into the results, which lead nowhere inside the sandbox."""
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "qwen3.jinja").write_text("template")
    (tmp_path / "fetch").mkdir()
    (tmp_path / "fetch" / "templates").symlink_to(tmp_path / "result")
    prepare(tmp_path)
    folder = tmp_path / "work" / "task" / "templates"
    assert not folder.is_symlink() and (folder / "qwen3.jinja").read_text() == "template"


def test_prompt_takes_any_value_as_it_is(tmp_path: Path) -> None:
    prompt = prepare(tmp_path)
    assert prompt.startswith(
        "We want to train the small LLM `org/a&b\\n` to excel at Sums & \\1 {model}.\nYour goal is"
    )
    assert "You have a maximum of 10 hours." in prompt
    assert prompt.endswith("on Sums & \\1 {model} once you are done.\n")


def test_extra_sentence_has_a_line_of_its_own(tmp_path: Path) -> None:
    prompt = prepare(tmp_path, PTB_AGENT_PROMPT_EXTRA="Wait for everything.")
    assert prompt.endswith(" once you are done.\nWait for everything.\n")


def test_another_template(tmp_path: Path) -> None:
    files = project(tmp_path / "other")
    (files / "mine.txt").write_text("{num_hours} h, {unknown} {model}{model}")
    prompt = prepare(tmp_path, PTB_FILES=str(files), PTB_PROMPT="mine.txt")
    assert prompt == "10 h, {unknown} org/a&b\\norg/a&b\\n\n"


def test_the_default_is_the_benchmarks_own_text() -> None:
    """By the digests of the text and of the sentence for Claude Code as the benchmark published them."""
    text = (STAGE / "prompt.txt").read_bytes()
    assert (
        hashlib.sha256(text).hexdigest() == "cbe523dd61b64c38fc722be62d287bb5d6a69e81bc8021bf4c231c989c4557a5"
    )
    (extra,) = [
        line.removeprefix("prompt-extra: ")
        for line in (STAGE.parents[1] / "agents" / "claude" / "agent.yaml").read_text().splitlines()
        if line.startswith("prompt-extra: ")
    ]
    assert (
        hashlib.sha256(extra.encode()).hexdigest()
        == "56b88e3d43a864baf18673283f829c12ba87fb3e30ea96031e454820e9317e5d"
    )


@pytest.mark.parametrize(
    ("count", "name", "said"),
    [
        ("1", "H100", "an Nvidia H100 GPU."),
        ("8", "H100", "8 Nvidia H100 GPUs."),
        ("1", "A100", "an Nvidia A100 GPU."),
        ("2", "null", "2 GPUs."),
        ("1", "null", "a GPU."),
        ("0", "null", "no GPU."),
    ],
)
def test_gpus(tmp_path: Path, count: str, name: str, said: str) -> None:
    prompt = prepare(tmp_path, PTB_GPUS_COUNT=count, PTB_GPUS_NAME=name)
    assert f"- The machine is equiped with {said}\n" in prompt


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (36030, "Remaining time (hours:minutes): 10:00"),
        (8 * 60 + 30, "Remaining time (hours:minutes): 0:08"),
        (9 * 3600 + 9 * 60 + 30, "Remaining time (hours:minutes): 9:09"),
        (20, "Remaining time (hours:minutes): 0:00"),
        (0, "The time has expired."),
        (-5000, "The time has expired."),
    ],
)
def test_timer(tmp_path: Path, seconds: int, said: str) -> None:
    (tmp_path / "timer.sh").write_bytes((STAGE / "timer.sh").read_bytes())
    (tmp_path / ".deadline").write_text(f"{int(time.time()) + seconds}\n")
    answer = subprocess.run(["bash", "timer.sh"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == said + "\n"
