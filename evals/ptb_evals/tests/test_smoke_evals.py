"""The smoke evals: their data, and evaluate.py where an agent finds it and where the project keeps it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from numpy_lm import Model
from numpy_lm.hub import snapshot
from numpy_lm.tasks import held_out

EVALS = Path(__file__).resolve().parents[2]
NAMES = ["add", "sort"]


def python(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the interpreter of the tests with `numpy_lm` installed in it, as a job has it."""
    library = cwd / "lib"
    if not library.exists():
        library.mkdir()
        (library / "numpy_lm").symlink_to(EVALS / "numpy_lm")
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def make_data(name: str, hub: Path, cwd: Path) -> Path:
    made = python(EVALS / f"smoke-{name}" / "make_data.py", "--hub", hub, "--repo", f"smoke/{name}", cwd=cwd)
    assert made.returncode == 0, made.stderr
    return snapshot(f"smoke/{name}", "datasets", hub)


def rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_the_data_is_the_same_twice_and_its_splits_are_apart(name: str, tmp_path: Path) -> None:
    first = make_data(name, tmp_path / "1", tmp_path)
    assert make_data(name, tmp_path / "2", tmp_path).name == first.name
    train, test = rows(first / "train.jsonl"), rows(first / "test.jsonl")
    assert (len(train), len(test)) == (4000, 200)
    prompts = [row["prompt"] for row in (*train, *test)]
    assert len(set(prompts)) == len(prompts)
    assert len({row["id"] for row in (*train, *test)}) == 4200
    assert {tuple(sorted(parts(row["prompt"]))) for row in train}.isdisjoint(
        tuple(sorted(parts(row["prompt"]))) for row in test
    )
    assert all(held_out(*parts(row["prompt"])) for row in test)
    assert all(row["answer"] == solve(row["prompt"]) for row in (*train, *test))


def parts(prompt: str) -> list[str]:
    return [str(int(number)) for number in prompt[:-1].split("+")] if "+" in prompt else list(prompt[:-1])


def solve(prompt: str) -> str:
    return str(sum(map(int, parts(prompt)))) if "+" in prompt else "".join(sorted(parts(prompt)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["project", "work folder"])
def test_evaluate_finds_its_package(name: str, place: str, model: Model, tmp_path: Path) -> None:
    make_data(name, tmp_path / "hf" / "hub", tmp_path)
    model.save(tmp_path / "model")
    program = EVALS / f"smoke-{name}" / "evaluate.py"
    if place == "work folder":
        shutil.copytree(
            EVALS / "ptb_evals", tmp_path / "task" / "ptb_evals", ignore=shutil.ignore_patterns("tests")
        )
        program = Path(shutil.copy(program, tmp_path / "task"))
    arguments = ("--model-path", tmp_path / "model", "--limit", "50", "--json-output-file", "score.json")
    ended = python(program, *arguments, cwd=tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert ended.returncode == 0, ended.stderr
    assert json.loads((tmp_path / "score.json").read_text())["n"] == 50


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_names_one_title(name: str) -> None:
    folder = EVALS / f"smoke-{name}"
    title = (folder / "benchmark.txt").read_text().strip()
    assert f"title: {title}\n" in (folder / "eval.yaml").read_text()
    assert f'title="{title}"' in (folder / "evaluate.py").read_text()
