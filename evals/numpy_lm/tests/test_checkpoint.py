"""Folders: what is saved is loaded, and every broken folder has a clear message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from numpy_lm import Model, ModelError, Tokenizer, load


def test_round_trip(tiny: Model, tmp_path: Path) -> None:
    tiny.save(tmp_path / "one")
    again = load(tmp_path / "one")
    assert again.config == tiny.config
    assert again.tokenizer.vocabulary == tiny.tokenizer.vocabulary
    assert all(np.array_equal(again.params[name], tiny.params[name]) for name in tiny.params)
    again.save(tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def edit(file: str, **fields: object) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        document = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(document | fields))

    return apply


def reweigh(change: Callable[[dict[str, np.ndarray]], object]) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return apply


NORM = "model.norm.weight"
BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json: no such file"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "the model has no weights"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json: no such file"),
    "half a file": (
        lambda folder: (folder / "model.safetensors").write_bytes(
            (folder / "model.safetensors").read_bytes()[:999]
        ),
        "broken weights",
    ),
    "empty weights": (lambda folder: (folder / "model.safetensors").write_bytes(b""), "broken weights"),
    "not JSON": (lambda folder: (folder / "config.json").write_text("{"), "config.json: cannot be read"),
    "not text": (
        lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff\xfe"),
        "tokenizer.json: cannot be read",
    ),
    "not an object": (lambda folder: (folder / "config.json").write_text("[]"), "not a JSON object"),
    "other architecture": (edit("config.json", model_type="llama"), "model_type 'llama'"),
    "size of zero": (edit("config.json", hidden_size=0), "hidden_size must be at least 1"),
    "size in words": (edit("config.json", head_dim="four"), "head_dim must be an integer, not 'four'"),
    "odd heads": (edit("config.json", num_key_value_heads=4), "must be a multiple of"),
    "other width": (edit("config.json", hidden_size=16), "has shape .* config.json says"),
    "fewer tokens": (edit("config.json", vocab_size=10), "more tokens than the model's vocab_size 10"),
    "scaled positions": (edit("config.json", rope_scaling={"type": "linear"}), "not supported"),
    "other tokenizer": (
        edit("tokenizer.json", model={"type": "BPE", "vocab": {}}),
        "not a character-level tokenizer",
    ),
    "missing tensor": (reweigh(lambda tensors: tensors.pop(NORM)), f"no tensor {NORM}"),
    "not a number": (
        reweigh(lambda tensors: tensors[NORM].fill(np.nan)),
        f"{NORM} holds numbers that are not finite",
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_folder_is_explained_in_one_line(case: str, tiny: Model, tmp_path: Path) -> None:
    tiny.save(tmp_path)
    apply, expected = BREAKS[case]
    apply(tmp_path)
    with pytest.raises(ModelError, match=expected) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        load(tmp_path / "absent")


def test_characters() -> None:
    tokenizer = Tokenizer()
    assert tokenizer.decode(tokenizer.encode("12+34= ab\n")) == "12+34= ab\n"
    assert tokenizer.encode("Ü") == [tokenizer.unknown]
    assert tokenizer.decode([tokenizer.end, 5, tokenizer.pad, 10**6]) == tokenizer.decode([5])
