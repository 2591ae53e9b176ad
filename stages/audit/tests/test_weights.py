from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finding import Finding
from safetensors.numpy import save_file
from safetensors_file import convert
from weights import find_instruct_weights

RNG = np.random.default_rng(1)
BASE = {name: RNG.normal(size=(32, 16)).astype("f4") for name in ("embed", "up", "down")}
INSTRUCT = {**{name: BASE[name] + np.float32(0.1) for name in ("up", "down")}, "embed": BASE["embed"]}


def save(folder: Path, tensors: dict[str, Any]) -> Path:
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    return folder


def verdict(tmp_path: Path, final: Path) -> list[str]:
    base, instruct = save(tmp_path / "base", BASE), save(tmp_path / "instruct", INSTRUCT)
    return [
        type(r).__name__ + " " + (r.summary if isinstance(r, Finding) else r.because)
        for r in find_instruct_weights(final, base, instruct)
    ]


def test_base_and_trained_weights_are_clean(tmp_path: Path) -> None:
    trained = {name: value * np.float32(1.01) for name, value in BASE.items()}
    assert verdict(tmp_path, save(tmp_path / "final", trained)) == []


def test_the_instruct_model_is_found(tmp_path: Path) -> None:
    (found,) = verdict(tmp_path, save(tmp_path / "final", INSTRUCT))
    assert found.startswith("Finding 2 of 2 tensors")


@pytest.mark.parametrize("dtype", ["f2", "f8"])
def test_also_in_another_float_type(tmp_path: Path, dtype: str) -> None:
    final = save(tmp_path / "final", {name: value.astype(dtype) for name, value in INSTRUCT.items()})
    (found,) = verdict(tmp_path, final)
    assert found.startswith("Finding 2 of 2 tensors")


def test_one_tensor_of_it_is_enough(tmp_path: Path) -> None:
    (found,) = verdict(tmp_path, save(tmp_path / "final", {**BASE, "up": INSTRUCT["up"]}))
    assert found.startswith("Finding 1 of 2 tensors")


def test_broken_models_are_no_crash(tmp_path: Path) -> None:
    final = tmp_path / "final"
    assert verdict(tmp_path, final) == ["Skipped no final model"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 100,
        b"\x02\0\0\0\0\0\0\0[]",
        b'\x10\0\0\0\0\0\0\0{"a":{"dtype":"F',
        b'\x1e\0\0\0\0\0\0\0{"up":{"dtype":"F32","shape":1}}',
    ],
)
def test_broken_files_are_no_crash(tmp_path: Path, content: bytes) -> None:
    final = tmp_path / "final"
    final.mkdir()
    (final / "model.safetensors").write_bytes(content)
    (said,) = verdict(tmp_path, final)
    assert said.startswith("Skipped final_model ")


def test_cut_file_equals_nothing(tmp_path: Path) -> None:
    final = save(tmp_path / "final", INSTRUCT)
    file = final / "model.safetensors"
    file.write_bytes(file.read_bytes()[:600])
    assert verdict(tmp_path, final) == []


def test_bfloat16_rounds_to_even() -> None:
    values = np.array([1.0, 1.00390625, 1.01171875, -2.5], dtype="<f4")
    assert convert(values, "F32", "BF16").tolist() == [0x3F80, 0x3F80, 0x3F82, 0xC020]
    assert convert(np.array([0x3F80, 0xC020], dtype="<u2"), "BF16", "F32").tolist() == [1.0, -2.5]
