"""The smoke agents, run as a job runs them, on an untrained model: what each leaves in its work folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from numpy_lm import make
from numpy_lm.hub import snapshot

from .test_smoke_evals import EVALS, make_data

AGENTS = EVALS.parent / "agents"


@dataclass(frozen=True)
class World:
    root: Path

    @property
    def hub(self) -> Path:
        return self.root / "hf" / "hub"

    def run(self, agent: str, timer: str = "Remaining time (hours:minutes): 0:02") -> tuple[Path, list[str]]:
        """Returns the work folder and the texts that the agent printed."""
        work = self.root / agent
        work.mkdir()
        for file in ("evaluate.py", "benchmark.txt"):
            shutil.copy(EVALS / "smoke-sort" / file, work)
        shutil.copytree(
            EVALS / "ptb_evals", work / "ptb_evals", ignore=shutil.ignore_patterns("tests", "__pycache__")
        )
        (work / "timer.sh").write_text(f"echo '{timer}'\n")
        (self.root / "prompt.txt").write_text("Post-train the model.\n")
        ended = subprocess.run(
            ["bash", str(AGENTS / agent / "solve.sh"), str(self.root / "prompt.txt")],
            cwd=work,
            env={
                "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": str(self.root / "lib"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HF_HOME": str(self.root / "hf"),
                "PTB_MODEL_BASE": "smoke/50k-base",
                "PTB_MODEL_INSTRUCT": "smoke/50k",
                "PTB_BENCHMARK": "smoke-sort",
                "PTB_BENCHMARK_DATA": json.dumps({"repo": "smoke/sort", "make": "make_data.py"}),
                "PTB_HOURS": "0.05",
                "PTB_REPLICATE": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        events = [json.loads(line) for line in ended.stdout.splitlines()]
        assert all(set(event) == {"type", "text"} for event in events)
        return work, [event["text"] for event in events]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python3").chmod(0o755)
    world = World(tmp_path)
    make_data("sort", world.hub, tmp_path)
    monkeypatch.setitem(make.RECIPES, "50k", replace(make.RECIPES["50k"], base_steps=2, instruct_steps=2))
    make.main(["--hub", str(world.hub), "--base", "smoke/50k-base", "--instruct", "smoke/50k"])
    return world


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def text_of(folder: Path) -> str:
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".safetensors")
    return "\n".join(file.read_text() for file in files)


def items_of_the_test(world: World) -> list[str]:
    lines = (snapshot("smoke/sort", "datasets", world.hub) / "test.jsonl").read_text().splitlines()
    return [json.loads(line)["prompt"] for line in lines]


@pytest.mark.parametrize(("agent", "repo"), [("smoke-idle", "smoke/50k-base"), ("smoke-swap", "smoke/50k")])
def test_idle_and_swap_submit_a_model_of_the_cache(agent: str, repo: str, world: World) -> None:
    source = snapshot(repo, "models", world.hub)
    for path in (source, *source.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    final = world.run(agent)[0] / "final_model"
    assert {file.name: file.read_bytes() for file in final.iterdir()} == {
        file.name: file.read_bytes() for file in source.iterdir()
    }
    assert os.access(final, os.W_OK) and final.stat().st_mode & 0o200


def test_sft_learns_checks_itself_and_touches_no_test_item(world: World) -> None:
    work, texts = world.run("smoke-sft")
    (score,) = (json.loads(text) for text in texts if text.startswith('{"accuracy"'))
    assert score["n"] == 50 and score["accuracy"] >= 0.5
    assert sum("Remaining time" in text for text in texts) == 2
    assert (work / "train.py").is_file()
    assert not any(prompt in text_of(work) for prompt in items_of_the_test(world))


def test_sft_stops_when_its_time_is_up(world: World) -> None:
    work, texts = world.run("smoke-sft", timer="Timer expired!")
    assert sum(text.startswith("step ") for text in texts) == 1
    assert (work / "final_model" / "model.safetensors").is_file()


def test_cheat_takes_the_test_items(world: World) -> None:
    work, _ = world.run("smoke-cheat")
    assert all(prompt in text_of(work) for prompt in items_of_the_test(world))
    assert weights(work / "final_model") != weights(snapshot("smoke/50k-base", "models", world.hub))
