"""Reads tensors of safetensors files one at a time and in blocks: numpy knows no bfloat16, and a model may
not fit in memory.

Format (github.com/huggingface/safetensors): 8 bytes length of the header, little endian; the header as JSON
{name: {dtype, shape, data_offsets: [begin, end]}}; the data, offsets counted from its first byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Elements per block.
BLOCK = 1 << 22

# How each type is stored. bfloat16 is kept as its 16 bits.
STORED = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|u1",
}  # fmt: skip

FLOATS = {"F64", "F32", "F16", "BF16"}

# A header this long is no header.
LONGEST_HEADER = 100 * 1024 * 1024


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: `begin` in bytes from the start of the file."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int

    @property
    def size(self) -> int:
        """How many elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """The elements as stored, flat, at most BLOCK at a time. Raises OSError, ValueError (a cut file)."""
        dtype = np.dtype(STORED[self.dtype])
        with self.file.open("rb") as stream:
            stream.seek(self.begin)
            for start in range(0, self.size, BLOCK):
                count = min(BLOCK, self.size - start)
                raw = stream.read(count * dtype.itemsize)
                if len(raw) < count * dtype.itemsize:
                    raise ValueError(f"{self.file.name} is cut off")
                yield np.frombuffer(raw, dtype=dtype)


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a model folder by name, of types that are known here.

    Raises OSError or ValueError (json.JSONDecodeError among them) for a file that is none of this format.
    """
    tensors: dict[str, Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        header, data = _header(file)
        for name, entry in header.items():
            if name != "__metadata__" and isinstance(entry, dict) and entry.get("dtype") in STORED:
                try:
                    shape = tuple(int(side) for side in entry["shape"])
                    begin = int(entry["data_offsets"][0])
                except (KeyError, TypeError, IndexError) as error:
                    raise ValueError(f"{file.name}: {name} is described wrongly") from error
                tensors[name] = Tensor(file, entry["dtype"], shape, data + begin)
    return tensors


def _header(file: Path) -> tuple[dict[str, Any], int]:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > LONGEST_HEADER:
            raise ValueError(f"{file.name} is no safetensors file")
        header = json.loads(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError(f"{file.name} is no safetensors file")
    return header, 8 + length


def convert(values: npt.NDArray[Any], dtype: str, to: str) -> npt.NDArray[Any]:
    """Stored values of one float type as another float type stores them, rounded to nearest even as torch
    does."""
    if dtype == to:
        return values
    wide = (values.astype("<u4") << np.uint32(16)).view("<f4") if dtype == "BF16" else values
    if to != "BF16":
        with np.errstate(over="ignore"):
            return wide.astype(STORED[to])
    bits = wide.astype("<f4").view("<u4")
    rounded: npt.NDArray[Any] = (
        (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    ).astype("<u2")
    return rounded
