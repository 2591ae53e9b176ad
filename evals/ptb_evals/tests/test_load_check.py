"""The load check: each way in which a final_model was found broken, and one line that says so."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from numpy_lm import Config, Model, Tokenizer
from ptb_evals.benchmark import ModelError
from ptb_evals.load_check import INDEX, check_architecture, check_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = Tokenizer()
    folder = tmp_path / "final_model"
    Model.fresh(Config(len(tokenizer), 16, 32, 2, 2, 1, 8), tokenizer, seed=0).save(folder)
    return folder


def edit(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def shard(folder: Path) -> None:
    """The same weights in two files with an index."""
    from safetensors.numpy import load_file

    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[:5], "model-00002-of-00002.safetensors": names[5:]}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, folder / file, metadata={"format": "pt"})
    places = {name: file for file, held in parts.items() for name in held}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))


def cut(file: Path, by: int = 100) -> None:
    file.write_bytes(file.read_bytes()[:-by])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def adapter(folder: Path, *left: str) -> None:
    for name in ("config.json", "model.safetensors"):
        if name not in left:
            (folder / name).unlink()
    (folder / "adapter_config.json").write_text("{}")
    save_file({"lora_A": np.zeros((2, 2), np.float32)}, folder / "adapter_model.safetensors")


def lose_layer(folder: Path) -> None:
    edit(folder / "config.json", num_hidden_layers=3)


def sharded(then: Callable[[Path], object]) -> Callable[[Path], object]:
    def both(folder: Path) -> None:
        shard(folder)
        then(folder)

    return both


def linked_outside(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.rename(folder.parent / "elsewhere.safetensors")
    file.symlink_to(folder.parent / "elsewhere.safetensors")


def with_processor(folder: Path) -> None:
    edit(folder / "config.json", vision_config={})
    (folder / "preprocessor_config.json").write_text("{}")


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json: no such file"),
    "no model type": (lambda folder: edit(folder / "config.json", model_type=None), "no model_type"),
    "config is no JSON": (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights (*.safetensors)"),
    "pickled": (pickled, "pytorch_model.bin is pickled"),
    "adapter alone": (adapter, "an adapter that was not merged"),
    "adapter and config": (lambda folder: adapter(folder, "config.json"), "an adapter that was not merged"),
    "cut off": (lambda folder: cut(folder / "model.safetensors"), "where its header promises"),
    "cut in the header": (lambda folder: os.truncate(folder / "model.safetensors", 50), "cut off"),
    "no safetensors": (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99), "cut off"),
    "empty": (lambda folder: (folder / "model.safetensors").write_bytes(b""), "cut off"),
    "shard cut off": (
        sharded(lambda folder: cut(folder / "model-00002-of-00002.safetensors")),
        "model-00002-of-00002.safetensors: broken weights",
    ),
    "shard absent": (
        sharded(lambda folder: (folder / "model-00002-of-00002.safetensors").unlink()),
        "model-00002-of-00002.safetensors: no such file",
    ),
    "no index": (sharded(lambda folder: (folder / INDEX).unlink()), f"there is no {INDEX}"),
    "index of another model": (
        sharded(
            lambda folder: edit(folder / INDEX, weight_map={"other": "model-00001-of-00002.safetensors"})
        ),
        "lacks other",
    ),
    "index leads elsewhere": (
        sharded(lambda folder: edit(folder / INDEX, weight_map={"other": "../elsewhere.safetensors"})),
        "names ../elsewhere.safetensors, which is no file of the model's folder",
    ),
    "index with a name that no file can have": (
        sharded(lambda folder: edit(folder / INDEX, weight_map={"other": "x" * 300})),
        "xxx, which is no file of the model's folder",
    ),
    "index without names": (
        sharded(lambda folder: edit(folder / INDEX, weight_map={"other": {"a": "b"}})),
        "names {'a': 'b'}, which is no file of the model's folder",
    ),
    "layer lost": (lose_layer, "no weights for layer 2 of 3"),
    "other vocabulary": (lambda folder: edit(folder / "config.json", vocab_size=7), "vocab_size 7"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer"),
    "no processor": (
        lambda folder: edit(
            folder / "config.json", vision_config={}, architectures=["Gemma3ForConditionalGeneration"]
        ),
        "no processor config (preprocessor_config.json or processor_config.json), which Gemma3",
    ),
    "a link to nothing": (
        lambda folder: (folder / "extra").symlink_to(folder / "nothing"),
        "extra: a link to nothing",
    ),
    "weights elsewhere": (linked_outside, "model.safetensors: a link to a place outside"),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_model(case: str, folder: Path) -> None:
    breaks, expected = BREAKS[case]
    breaks(folder)
    with pytest.raises(ModelError) as caught:
        check_model(folder)
    assert expected in str(caught.value) and "\n" not in str(caught.value)


GOOD: dict[str, Callable[[Path], object]] = {
    "as saved": lambda folder: None,
    "in shards": shard,
    "with what training left": lambda folder: (folder / "optimizer.pt").write_bytes(b"x"),
    "with its adapter beside it": lambda folder: adapter(folder, "config.json", "model.safetensors"),
    "with links inside": lambda folder: (folder / "again.json").symlink_to("config.json"),
    "with vision and a processor": with_processor,
}


@pytest.mark.parametrize("case", GOOD)
def test_a_good_model(case: str, folder: Path) -> None:
    GOOD[case](folder)
    check_model(folder)


def test_a_snapshot_of_the_hub_is_made_of_links(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "models--org--name"
    (home / "blobs").mkdir(parents=True)
    snapshot = home / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for file in folder.iterdir():
        (home / "blobs" / file.name).write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)
    check_model(snapshot)


def test_only_headers_are_read(folder: Path) -> None:
    """A file of 8 GB is checked as fast: here its data is a hole."""
    entry = {"dtype": "BF16", "shape": [1 << 20, 1 << 12], "data_offsets": [0, 1 << 33]}
    head = json.dumps({"big": entry}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        os.truncate(file.fileno(), 8 + len(head) + (1 << 33))
    check_model(folder)


def test_architecture(folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    text = {"model_type": "qwen3_text", "hidden_size": 16}
    for document in (
        json.loads((folder / "config.json").read_text()),
        {"model_type": "qwen3", "text_config": text},
    ):
        (base / "config.json").write_text(json.dumps(document))
        check_architecture(folder, base)
    for field, value in (("model_type", "llama"), ("hidden_size", 32)):
        (base / "config.json").write_text(
            json.dumps({"model_type": "qwen3", "hidden_size": 16, field: value})
        )
        with pytest.raises(ModelError, match=f"{field} .* but the base model's is {value!r}"):
            check_architecture(folder, base)
