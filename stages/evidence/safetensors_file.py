"""Reads tensors of safetensors files in blocks: numpy knows no bfloat16, and a model may not fit in memory.

Format (github.com/huggingface/safetensors): 8 bytes length of the header, little endian; the header as JSON
{name: {dtype, shape, data_offsets: [begin, end]}}; the data, offsets counted from its first byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# How each type is stored. bfloat16 is kept as its 16 bits; the 8-bit types are codes that are only compared.
STORED = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "F8_E4M3": "|u1", "F8_E5M2": "|u1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|u1",
}  # fmt: skip

FLOATS = {"F64", "F32", "F16", "BF16"}

# A header this long is no header: the format's own limit.
LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: `begin` in bytes from the start of the file."""

    name: str
    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int

    @property
    def size(self) -> int:
        """How many elements."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """Bytes per element."""
        return np.dtype(STORED[self.dtype]).itemsize

    def read(self, first: int, count: int) -> npt.NDArray[Any]:
        """Elements [first, first + count) of the flat tensor, as stored. Raises OSError, ValueError (cut
        off)."""
        # Read and not mapped: a file that shrinks meanwhile is then an error and not a crash.
        with self.file.open("rb", buffering=0) as stream:
            stream.seek(self.begin + first * self.width)
            values: npt.NDArray[Any] = np.fromfile(stream, dtype=STORED[self.dtype], count=count)
        if len(values) < count:
            raise ValueError(f"{self.file.name} is cut off")
        return values


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a model folder by name; `problems` says what of it cannot be read."""

    tensors: dict[str, Tensor]
    problems: list[str]


def read_checkpoint(folder: Path) -> Checkpoint:
    """All tensors of known types. A file with a lying header gives problems and no tensors; nothing is
    raised.

    Only safetensors files are opened: loading a pickle would run what is in it.
    """
    tensors: dict[str, Tensor] = {}
    problems: list[str] = []
    for file in sorted(folder.glob("*.safetensors")):
        try:
            tensors |= _tensors(file)
        except (OSError, ValueError, RecursionError) as error:
            problems.append(f"{file.name}: {' '.join(str(error).split())[:120]}")
    problems += _missing_shards(folder)
    pickles = sorted(
        path.name for glob in ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl") for path in folder.glob(glob)
        if path.name != "training_args.bin"
    )  # fmt: skip
    if pickles and not tensors:
        problems.append(f"the weights are pickled ({pickles[0]}), and pickles are not loaded")
    return Checkpoint(tensors, problems)


def _missing_shards(folder: Path) -> list[str]:
    try:
        index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
        wanted = {str(name) for name in index["weight_map"].values()}
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ["model.safetensors.index.json cannot be read"]
    # Looked up in what is there: a name may be no file's at all.
    present = {path.name for path in folder.glob("*") if path.is_file()}
    return [f"{name[:80]} is missing" for name in sorted(wanted - present)]


def _tensors(file: Path) -> dict[str, Tensor]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(LONGEST_HEADER, size - 8):
            raise ValueError("no safetensors file")
        header = json.loads(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError("no safetensors file")
    found: dict[str, Tensor] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        try:
            dtype, shape = str(entry["dtype"]), tuple(int(side) for side in entry["shape"])
            begin, end = (int(offset) for offset in entry["data_offsets"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{name[:80]} is described wrongly") from error
        if dtype not in STORED:
            continue
        tensor = Tensor(name, file, dtype, shape, 8 + length + begin)
        if min((begin, *shape), default=0) < 0 or end - begin != tensor.size * tensor.width:
            raise ValueError(f"{name[:80]}: its shape and its place in the file disagree")
        if 8 + length + end > size:
            raise ValueError("it is cut off")
        found[name] = tensor
    return found


def as_floats(values: npt.NDArray[Any], dtype: str) -> Floats:
    """Stored values as float32."""
    if dtype == "BF16":
        wide: Floats = (values.astype("<u4") << np.uint32(16)).view("<f4")
        return wide
    with np.errstate(over="ignore"):
        return values.astype("<f4", copy=False)


def convert(values: npt.NDArray[Any], dtype: str, to: str) -> npt.NDArray[Any]:
    """Stored values of one float type as another float type stores them, rounded to nearest even as torch
    does."""
    if dtype == to:
        return values
    wide = as_floats(values, dtype) if dtype == "BF16" else values
    if to != "BF16":
        with np.errstate(over="ignore"):
            return wide.astype(STORED[to])
    bits = wide.astype("<f4").view("<u4")
    rounded: npt.NDArray[Any] = (
        (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    ).astype("<u2")
    return rounded
