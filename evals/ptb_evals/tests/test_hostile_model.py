"""A final_model made to attack whoever loads it: what the evaluation's program says of it, and how soon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from numpy_lm import Config, Model, Tokenizer
from ptb_evals.chat.shown import shown

PROGRAM = Path(__file__).resolve().parents[2] / "smoke-add" / "evaluate.py"
LOADS = "the model can be loaded"


def edit(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def link(file: Path, target: str) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to(target)


def hole(file: Path, size: int) -> None:
    file.touch()
    os.truncate(file, size)


def header(file: Path, text: str) -> None:
    file.write_bytes(len(text).to_bytes(8, "little") + text.encode())


def own_code(folder: Path) -> None:
    """As Python files of the model, named by auto_map: nobody runs them."""
    (folder / "modeling.py").write_text(f"open({str(folder.parent / 'ran')!r}, 'w')\nclass M: pass\n")
    for file in ("config.json", "tokenizer_config.json"):
        (folder / file).touch()
    maps = {
        "AutoConfig": "modeling.M",
        "AutoModelForCausalLM": "modeling.M",
        "AutoTokenizer": ["modeling.M", None],
    }
    edit(folder / "config.json", auto_map=maps)


WEIGHTS, CONFIG = "model.safetensors", "config.json"

# Name to what the agent did, and a part of the one line that is said.
ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickled weights": (
        lambda at: (at / WEIGHTS).rename(at / "pytorch_model.bin"),
        "is pickled, which is not",
    ),
    "own code by auto_map": (own_code, LOADS),
    "weights are a link out": (lambda at: link(at / WEIGHTS, "/etc/passwd"), "a link to a place outside"),
    "config is a link out": (lambda at: link(at / CONFIG, "/etc/passwd"), "a link to a place outside"),
    "a link to itself": (lambda at: link(at / WEIGHTS, WEIGHTS), "a link to nothing"),
    "weights are a pipe": (lambda at: pipe(at / WEIGHTS), "model.safetensors: no file"),
    "config is a pipe": (lambda at: pipe(at / CONFIG), "config.json: no such file"),
    "tokenizer is a pipe": (lambda at: pipe(at / "tokenizer.json"), "no tokenizer"),
    "weights are a hole of 1 TB": (lambda at: hole(at / WEIGHTS, 1 << 40), "broken weights"),
    "config is a hole of 10 GB": (lambda at: hole(at / CONFIG, 10 << 30), "which no configuration has"),
    "config nests without end": (
        lambda at: (at / CONFIG).write_text('{"a":' + "[" * 10**6 + "]" * 10**6 + "}"),
        "config.json: cannot be read",
    ),
    "header nests without end": (
        lambda at: header(at / WEIGHTS, '{"a":' + "[" * 10**6 + "]" * 10**6 + "}"),
        "its header is not one",
    ),
    "offsets beyond all numbers": (
        lambda at: header(at / WEIGHTS, '{"a":{"shape":[1],"dtype":"F32","data_offsets":[0,1e999]}}'),
        "its header is not one",
    ),
    "10^18 layers": (lambda at: edit(at / CONFIG, num_hidden_layers=10**18), "no weights for layer 2 of"),
    "a name that speaks to the terminal": (
        lambda at: link(at / "a\n\x1b[2J\x1b]0;b\x07.json", "/etc/passwd"),
        "a \\x1b[2J\\x1b]0;b\\x07.json: a link to a place outside",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_final_model(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "final_model"
    tokenizer = Tokenizer()
    Model.fresh(Config(len(tokenizer), 16, 32, 2, 2, 1, 8), tokenizer, seed=0).save(folder)
    attack, expected = ATTACKS[name]
    attack(folder)
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), "--model-path", str(folder), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = (ended.stdout if expected == LOADS else ended.stderr).removesuffix("\n")
    assert expected in said and said.isprintable(), ended.stderr
    assert ended.returncode == (0 if expected == LOADS else 2)
    assert not (tmp_path / "ran").exists()


def test_an_engine_sees_what_is_loaded_alone(tmp_path: Path) -> None:
    """transformers would load what an adapter's configuration names, in the place of the model beside it."""
    folder = tmp_path / "final_model"
    tokenizer = Tokenizer()
    Model.fresh(Config(len(tokenizer), 16, 32, 2, 2, 1, 8), tokenizer, seed=0).save(folder)
    honest = {file.name for file in folder.iterdir()}
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/better"}')
    for name in ("adapter_model.safetensors", "modeling.py", "pytorch_model.bin", "optimizer.pt", "x.pkl"):
        (folder / name).touch()
    (folder / "chat_template.jinja").touch()
    os.mkfifo(folder / "extra.json")
    (folder / "folder.json").mkdir()
    seen = shown(folder, tmp_path / "seen" / "final_model")
    assert {file.name for file in seen.iterdir()} == honest | {"chat_template.jinja"}
    assert (seen / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
