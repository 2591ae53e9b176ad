"""The five real evals on data sets of their schemas and models of their architectures, all made here."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import get_model

from numpy_lm.hub import publish
from ptb_evals import chat
from ptb_evals.benchmark import Settings
from ptb_evals.chat.data import Data
from ptb_evals.chat.prompt import asking
from ptb_evals.chat.run import ask
from ptb_evals.score import score, write
from tiny_lm import data
from tiny_lm.lessons import texts
from tiny_lm.make import make_base, save
from tiny_lm.tokenizer import make_tokenizer

EVALS = Path(__file__).resolve().parents[3]
SIZE = 6

REPOS = {
    "aime2025": ("math-ai/aime25", None, data.aime2025),
    "bfcl": ("gorilla-llm/Berkeley-Function-Calling-Leaderboard", "exec_simple", data.bfcl),
    "gpqa-main": ("Idavidrein/gpqa", "gpqa_main", data.gpqa),
    "gsm8k": ("openai/gsm8k", "main", data.gsm8k),
    "humaneval": ("openai/openai_humaneval", "openai_humaneval", data.humaneval),
}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HF_HOME with all data sets and two untrained models."""
    home = tmp_path_factory.mktemp("hf")
    for repo, _, maker in REPOS.values():
        data.make(maker, repo, home / "hub", SIZE)
    tokenizer = make_tokenizer(texts(each=40))
    for family in ("qwen3", "smollm3"):
        folder = tmp_path_factory.mktemp(family)
        save(make_base(family, tokenizer, 0), tokenizer, folder)
        publish(folder, f"tiny/{family}", "models", home / "hub")
    return home


@pytest.fixture(autouse=True)
def offline(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's library reads its settings when it is imported, which was before."""
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr("huggingface_hub._snapshot_download.HF_HUB_CACHE", str(home / "hub"), raising=False)


def program(name: str) -> ModuleType:
    """evals/<name>/evaluate.py as a module."""
    place = EVALS / name / "evaluate.py"
    spec = importlib.util.spec_from_file_location(f"evaluate_{name.replace('-', '_')}", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings(model: Path, **changes: Any) -> Settings:
    return Settings(
        **{
            "model": model,
            "engine": "hf",
            "limit": None,
            "max_tokens": 8,
            "max_connections": 4,
            "gpu_memory_utilization": 0.3,
            "template": None,
            "seed": 1,
            **changes,
        }
    )


def model_folder(family: str = "qwen3") -> Path:
    found = chat.Chat("", lambda *_: None).find(f"tiny/{family}", "models")
    assert found is not None
    return found


def samples(name: str, plain: bool = False) -> Any:
    repo, config, _ = REPOS[name]
    return program(name).task(Data(repo, config), plain)


def mock(name: str, outputs: Any, log_dir: Path) -> list[bool]:
    """The verdicts on what inspect's mock model says: a function of messages, tools and config."""
    model = get_model("mockllm/model", custom_outputs=outputs, memoize=False)
    given = settings(model_folder())
    return ask(samples(name), model, asking(given, ()), given, log_dir)


def metrics(verdicts: list[bool], log_dir: Path) -> dict[str, float]:
    """The metrics file of these verdicts, which the newest log of inspect's must agree with."""
    file = log_dir / "metrics.json"
    write(score(verdicts), file)
    written: dict[str, float] = json.loads(file.read_text())
    newest = max(log_dir.glob("*.eval"), key=lambda log: log.stat().st_mtime_ns)
    results = read_eval_log(str(newest), header_only=True).results
    for name, metric in results.scores[0].metrics.items():
        assert written[name] == pytest.approx(metric.value)
    return written


def rows(name: str, split: str = "test") -> list[dict[str, Any]]:
    repo, config, _ = REPOS[name]
    return Data(repo, config).rows(split)


def last_json(text: str) -> Any:
    return json.loads(text.strip().splitlines()[-1])
