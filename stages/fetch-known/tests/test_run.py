"""run.sh as a job runs it, offline, with a cache that is there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
COMMIT = "1" * 40


def cached(hub: Path, name: str) -> None:
    """A repository as huggingface_hub keeps it."""
    folder = hub / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for file in ("config.json", "model.safetensors"):
        (snapshot / file).write_text("{}")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)


def fetch(tmp_path: Path, known: str | None) -> tuple[int, list[str], str]:
    """The exit status, the repositories that came, what was said."""
    out = tmp_path / "out"
    out.mkdir()
    ended = subprocess.run(
        ["bash", PROJECT / "stages/fetch-known/run.sh"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PTB_FILES": str(PROJECT),
            "PTB_OUT": str(out),
            "PTB_HUB_OFFLINE": "true",
            "PTB_EXPOSE_HUB": str(tmp_path / "cache"),
            **({} if known is None else {"PTB_MODEL_KNOWN": known}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, sorted(path.name for path in (out / "hub").glob("*")), ended.stderr


def test_each_known_checkpoint_is_fetched(tmp_path: Path) -> None:
    for name in ("org/thinking", "org/older"):
        cached(tmp_path / "cache", name)
    status, came, said = fetch(tmp_path, '["org/thinking", "org/older"]')
    assert (status, came) == (0, ["models--org--older", "models--org--thinking"]), said
    pins = json.loads((tmp_path / "out/pins.json").read_text())
    assert pins == {"models/org/older": COMMIT, "models/org/thinking": COMMIT}


def test_a_model_without_any_needs_nothing(tmp_path: Path) -> None:
    assert fetch(tmp_path, None) == (0, [], "")


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    status, _, said = fetch(tmp_path, '["org/none"]')
    assert status == 1 and "org/none is not in it" in said
