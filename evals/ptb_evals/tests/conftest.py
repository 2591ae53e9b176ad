"""A small world for the tests: a hub cache with a data set of four items and an untrained model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numpy_lm import Config, Model, Tokenizer
from numpy_lm.hub import publish

ITEMS = [("a>", "a"), ("ba>", "ab"), ("cba>", "abc"), ("dc>", "cd")]


@pytest.fixture
def model() -> Model:
    tokenizer = Tokenizer()
    return Model.fresh(Config(len(tokenizer), 16, 32, 2, 2, 1, 8), tokenizer, seed=0)


@pytest.fixture
def home(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HF_HOME, with smoke/toy as a data set and as a model."""
    home = tmp_path / "hf"
    (tmp_path / "data").mkdir()
    rows = [{"id": f"t{i}", "prompt": prompt, "answer": answer} for i, (prompt, answer) in enumerate(ITEMS)]
    (tmp_path / "data" / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    publish(tmp_path / "data", "smoke/toy", "datasets", home / "hub")
    model.save(tmp_path / "model")
    publish(tmp_path / "model", "smoke/toy", "models", home / "hub")
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return home
