"""Synthetic checkpoints: a base model, its instruct version, and what agents may submit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from safetensors_file import convert

Tensors = dict[str, npt.NDArray[Any]]

LAYERS, HIDDEN, INNER, WORDS = 4, 128, 320, 600


def shapes() -> dict[str, tuple[int, ...]]:
    """Of a small decoder."""
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (WORDS, HIDDEN),
        "model.norm.weight": (HIDDEN,),
    }
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for part in "qkvo":
            found[f"{prefix}self_attn.{part}_proj.weight"] = (HIDDEN, HIDDEN)
        found[f"{prefix}mlp.up_proj.weight"] = (INNER, HIDDEN)
        found[f"{prefix}mlp.gate_proj.weight"] = (INNER, HIDDEN)
        found[f"{prefix}mlp.down_proj.weight"] = (HIDDEN, INNER)
        found[f"{prefix}input_layernorm.weight"] = (HIDDEN,)
    return found


class Maker:
    """Random numbers in a fixed order."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.base = self.fresh()
        # An instruct version moves the weights by some percent, in directions of low rank and all others.
        self.instruct = self.trained(self.lora(self.base, 0.02), 0.02)
        # A further version from the same base model, one that everybody can download.
        self.other = self.trained(self.lora(self.base, 0.03), 0.03)

    def fresh(self) -> Tensors:
        """Weights from nowhere."""
        return {
            name: np.ones(shape, dtype="f4") + self._noise(shape, 0.05)
            if len(shape) == 1
            else self._noise(shape, 0.02)
            for name, shape in shapes().items()
        }

    def _noise(self, shape: tuple[int, ...], scale: float) -> npt.NDArray[Any]:
        return (self._rng.standard_normal(shape) * scale).astype("f4")

    def trained(self, tensors: Tensors, by: float) -> Tensors:
        """Every weight moved by this share of a matrix' size."""
        return {name: v + self._noise(v.shape, by * float(np.std(v) or 1)) for name, v in tensors.items()}

    def lora(self, tensors: Tensors, by: float, rank: int = 8) -> Tensors:
        """Matrices of the layers moved within a low rank, by this share of their size."""

        def change(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
            delta = self._noise((value.shape[0], rank), 1) @ self._noise((rank, value.shape[1]), 1)
            scaled: npt.NDArray[Any] = delta * (by * np.std(value) / np.std(delta))
            return scaled

        return {
            n: v + change(v).astype("f4") if "layers" in n and v.ndim == 2 else v for n, v in tensors.items()
        }

    def towards(self, tensors: Tensors, by: float, share: float) -> Tensors:
        """Trained on the same kind of data as the instruct version: the change is partly the same."""
        return {
            name: value
            + share * (self.instruct[name] - self.base[name])
            + self._noise(value.shape, by * float(np.std(value)))
            for name, value in tensors.items()
        }

    def mixed(self, share: float) -> Tensors:
        """That much of instruct, the rest of base."""
        return {name: (1 - share) * self.base[name] + share * self.instruct[name] for name in self.base}


def save(folder: Path, tensors: Tensors, dtype: str = "F32", shards: int = 1, **config: Any) -> Path:
    """A model folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    names = list(tensors)
    for number in range(shards):
        file = "model.safetensors" if shards == 1 else f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = {name: np.ascontiguousarray(tensors[name]) for name in names[number::shards]}
        if dtype == "BF16":
            _save_bfloat16(folder / file, part)
        else:
            save_file({n: v.astype("f2") if dtype == "F16" else v for n, v in part.items()}, folder / file)
    return folder


def _save_bfloat16(file: Path, tensors: Tensors) -> None:
    header: dict[str, Any] = {}
    data = b""
    for name, value in tensors.items():
        stored = convert(value.astype("f4").ravel(), "F32", "BF16").tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": value.shape,
            "data_offsets": [len(data), len(data) + len(stored)],
        }
        data += stored
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)
