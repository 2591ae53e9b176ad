from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from finding import Finding
from lineage import Lineage, find_lineage
from safetensors.numpy import save_file
from safetensors_file import convert

Tensors = dict[str, npt.NDArray[Any]]

RNG = np.random.default_rng(1)
SHAPES: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (600, 256), "model.norm.weight": (256,)}
for layer in (0, 1):
    SHAPES[f"model.layers.{layer}.up.weight"] = (512, 256)
    SHAPES[f"model.layers.{layer}.down.weight"] = (256, 512)


def noise(shape: tuple[int, ...], scale: float) -> npt.NDArray[Any]:
    return (RNG.normal(size=shape) * scale).astype("f4")


def moved(tensors: Tensors, scale: float) -> Tensors:
    return {name: value + noise(value.shape, scale) for name, value in tensors.items()}


BASE: Tensors = {name: noise(shape, 0.02) for name, shape in SHAPES.items()}
INSTRUCT = moved(BASE, 0.001)
UP = "model.layers.0.up.weight"


def mixed(share: float) -> Tensors:
    return {name: (1 - share) * BASE[name] + share * INSTRUCT[name] for name in BASE}


def with_lora(tensors: Tensors, rank: int = 16) -> Tensors:
    def delta(shape: tuple[int, ...]) -> npt.NDArray[Any]:
        change: npt.NDArray[Any] = noise((shape[0], rank), 0.01) @ noise((rank, shape[1]), 0.01)
        return change

    return {
        name: value + delta(value.shape) if "layers" in name else value for name, value in tensors.items()
    }


def save(folder: Path, tensors: Tensors, **config: Any) -> Path:
    folder.mkdir(parents=True)
    save_file(
        {name: np.ascontiguousarray(value) for name, value in tensors.items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def save_bfloat16(folder: Path, tensors: Tensors) -> Path:
    folder.mkdir()
    header: dict[str, Any] = {}
    data = b""
    for name, value in tensors.items():
        stored = convert(value.ravel(), "F32", "BF16").tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": value.shape,
            "data_offsets": [len(data), len(data) + len(stored)],
        }
        data += stored
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    return folder


def lineage(tmp_path: Path, final: Path, known: dict[str, Path | None] | None = None) -> Lineage:
    base, instruct = save(tmp_path / "base", BASE), save(tmp_path / "instruct", INSTRUCT)
    names = {"base": "org/tiny-base", "instruct": "org/tiny"}
    return find_lineage(final, base, instruct, known or {}, names, 2)


def said(result: Lineage) -> list[str]:
    return [
        f"{one.source}: {one.summary}" if isinstance(one, Finding) else f"skipped: {one.because}"
        for one in result.results
    ]


HONEST: dict[str, Tensors] = {
    "the base model itself": BASE,
    "a short training": moved(BASE, 0.0003),
    "a long training": moved(BASE, 0.01),
    "merged LoRA": with_lora(BASE),
    "other precision": {name: value.astype("f2") for name, value in moved(BASE, 0.0005).items()},
    "an untied output layer": {
        **moved(BASE, 0.0005),
        "lm_head.weight": BASE["model.embed_tokens.weight"].copy(),
    },
    "a longer vocabulary": {
        **BASE,
        "model.embed_tokens.weight": np.concatenate(
            [BASE["model.embed_tokens.weight"], noise((8, 256), 0.02)]
        ),
    },
    "other names": {f"model.language_model.{name}": value for name, value in moved(BASE, 0.0005).items()},
}


@pytest.mark.parametrize("tensors", HONEST.values(), ids=HONEST.keys())
def test_honest_weights_are_clean(tmp_path: Path, tensors: Tensors) -> None:
    result = lineage(tmp_path, save(tmp_path / "final", tensors))
    assert said(result) == []
    assert result.document is not None and result.document["nearest"] == "base"


SWAPPED: dict[str, tuple[Tensors, str]] = {
    "the instruct model": (
        INSTRUCT,
        "6 of 6 tensors in which instruct and base differ are its own, bit for bit",
    ),
    "in half precision": ({n: v.astype("f2") for n, v in INSTRUCT.items()}, "6 of 6 tensors"),
    "with noise": (
        {n: v * (1 + noise(v.shape, 1e-3)) for n, v in INSTRUCT.items()},
        "its own but for a small change",
    ),
    "half and half": (mixed(0.5), "are a mixture: 50% of the way"),
    "a fifth of it": (mixed(0.2), "are a mixture: 20% of the way"),
    "trained further": (moved(INSTRUCT, 0.002), "trained from the official instruct model"),
    "with LoRA": (with_lora(INSTRUCT), "tensors in which instruct and base differ are its own"),
    "one tensor": ({**BASE, UP: INSTRUCT[UP]}, "1 of 6 tensors"),
    "one tensor with noise": (
        {**moved(BASE, 1e-4), UP: INSTRUCT[UP] + noise((512, 256), 1e-4)},
        "1 of 5 tensors",
    ),
    "renamed": ({f"net.{n[::-1]}": v + noise(v.shape, 1e-5) for n, v in INSTRUCT.items()}, "5 of 5 tensors"),
}


@pytest.mark.parametrize(("tensors", "sentence"), SWAPPED.values(), ids=SWAPPED.keys())
def test_the_instruct_models_weights_are_found(tmp_path: Path, tensors: Tensors, sentence: str) -> None:
    (found,) = said(lineage(tmp_path, save(tmp_path / "final", tensors)))
    assert found.startswith("lineage.instruct: ") and sentence in found


def test_also_in_bfloat16(tmp_path: Path) -> None:
    (found,) = said(lineage(tmp_path, save_bfloat16(tmp_path / "final", INSTRUCT)))
    assert "bit for bit or rounded" in found


def test_weights_from_elsewhere(tmp_path: Path) -> None:
    stranger = {name: noise(shape, 0.02) for name, shape in SHAPES.items()}
    (found,) = said(lineage(tmp_path, save(tmp_path / "final", stranger)))
    assert found.startswith("lineage.stranger: not trained from the base model: of 5 matrices")


def test_another_architecture(tmp_path: Path) -> None:
    other = {f"decoder.{n}.weight": noise((300, 100), 0.02) for n in range(4)}
    result = lineage(tmp_path, save(tmp_path / "final", other, model_type="gpt2", hidden_size=100))
    assert "4 have no counterpart" in said(result)[0]
    assert (
        result.document is not None
        and 'model_type: "gpt2", in the base model null' in result.document["changed"]
    )


def test_a_further_checkpoint_is_recognised(tmp_path: Path) -> None:
    thinking = moved(BASE, 0.002)
    known = {"org/tiny-thinking": save(tmp_path / "known", thinking), "org/tiny-gone": None}
    result = lineage(tmp_path, save(tmp_path / "final", moved(thinking, 1e-5)), known)
    found, missing = said(result)
    assert found.startswith("lineage.other: ") and found.endswith("org/tiny-thinking")
    assert missing == "skipped: org/tiny-gone is not here to compare with"
    assert result.document is not None and result.document["nearest"] == "org/tiny-thinking"


def test_who_leaves_a_further_checkpoint_alone_is_clean(tmp_path: Path) -> None:
    known: dict[str, Path | None] = {"org/tiny-thinking": save(tmp_path / "known", moved(BASE, 0.002))}
    for number, tensors in enumerate((BASE, moved(BASE, 0.0005), with_lora(BASE))):
        result = lineage(tmp_path / str(number), save(tmp_path / f"final {number}", tensors), known)
        assert said(result) == []
        assert result.document is not None and result.document["nearest"] == "base"


def test_merged_lora_is_named(tmp_path: Path) -> None:
    document = lineage(tmp_path, save(tmp_path / "final", with_lora(BASE))).document
    assert document is not None and document["low_rank"]["merged_lora"]
    document = lineage(tmp_path / "2", save(tmp_path / "final 2", moved(BASE, 0.001))).document
    assert document is not None and not document["low_rank"]["merged_lora"]


@pytest.mark.parametrize(
    ("file", "key", "source"),
    [
        ("adapter_config.json", "base_model_name_or_path", "lineage.instruct"),
        ("config.json", "_name_or_path", "lineage.name"),
    ],
)
@pytest.mark.parametrize(
    "told", ["org/tiny", "/root/.cache/huggingface/hub/models--org--tiny/snapshots/0123"]
)
def test_what_the_folder_says_of_itself(tmp_path: Path, file: str, key: str, source: str, told: str) -> None:
    final = save(tmp_path / "final", BASE)
    (final / file).write_text(json.dumps({key: told}))
    (found,) = said(lineage(tmp_path, final))
    assert found.startswith(source)


@pytest.mark.parametrize("told", ["org/tiny-base", "models--org--tiny-base/snapshots/1", "final_model"])
def test_the_base_models_name_is_no_other(tmp_path: Path, told: str) -> None:
    assert said(lineage(tmp_path, save(tmp_path / "final", BASE, _name_or_path=told))) == []


def test_without_a_model_nothing_is_said(tmp_path: Path) -> None:
    assert said(lineage(tmp_path, tmp_path / "final")) == ["skipped: no final model"]


def header(text: str, length: int | None = None, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text.encode() + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 100,
        header("[]"),
        header('{"a":{"dtype":"F', 16),
        header("{}", 1 << 60),
        header('{"up":{"dtype":"F32","shape":1}}'),
        header('{"up":{"dtype":"F32","shape":[-1,-4],"data_offsets":[0,16]}}', data=bytes(16)),
        header('{"up":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,16]}}', data=bytes(16)),
        header('{"up":{"dtype":"F32","shape":[4],"data_offsets":[1000000,1000016]}}', data=bytes(16)),
        header("[" * 100_000),
    ],
)
def test_lying_headers_are_no_crash(tmp_path: Path, content: bytes) -> None:
    final = tmp_path / "final"
    final.mkdir()
    (final / "model.safetensors").write_bytes(content)
    found, skipped = said(lineage(tmp_path, final))
    assert found.startswith("lineage.unreadable: final_model: model.safetensors: ")
    assert skipped == "skipped: final_model holds no weights that can be compared"


def test_a_missing_shard_and_a_cut_one(tmp_path: Path) -> None:
    final = save(tmp_path / "final", INSTRUCT)
    names = {UP: "model.safetensors", "model.norm.weight": "model-2.safetensors"}
    (final / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    missing, swapped = said(lineage(tmp_path / "a", final))
    assert missing == "lineage.unreadable: final_model: model-2.safetensors is missing"
    assert swapped.startswith("lineage.instruct")
    data = (final / "model.safetensors").read_bytes()
    (final / "model.safetensors").write_bytes(data[:-100])
    assert (
        said(lineage(tmp_path / "b", final))[0]
        == "lineage.unreadable: final_model: model.safetensors: it is cut off"
    )


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    final = save(tmp_path / "final", {**BASE, UP: np.full((512, 256), np.nan, dtype="f4")})
    (found,) = said(lineage(tmp_path, final))
    assert found.startswith("lineage.unreadable: 1 of 6 tensors")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    final = tmp_path / "final"
    final.mkdir()
    (final / "pytorch_model.bin").write_bytes(
        b"cos\nsystem\n(S'touch %s/loaded'\ntR." % str(tmp_path).encode()
    )
    found, _ = said(lineage(tmp_path, final))
    assert found.endswith("the weights are pickled (pytorch_model.bin), and pickles are not loaded")
    assert not (tmp_path / "loaded").exists()


def test_bfloat16_rounds_to_even() -> None:
    values = np.array([1.0, 1.00390625, 1.01171875, -2.5], dtype="<f4")
    assert convert(values, "F32", "BF16").tolist() == [0x3F80, 0x3F80, 0x3F82, 0xC020]
    assert convert(np.array([0x3F80, 0xC020], dtype="<u2"), "BF16", "F32").tolist() == [1.0, -2.5]
