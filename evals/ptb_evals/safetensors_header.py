"""The header of a safetensors file, checked against the file's size.

Format: 8 bytes with the header's length n (little endian), n bytes of JSON (name to {dtype, shape,
data_offsets}, offsets counted from the header's end), then the data without gaps. Source: the format's
description in https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

Tensors = dict[str, tuple[int, ...]]
"""Names to shapes."""

# The library's own limit, in bytes.
LONGEST_HEADER = 100_000_000

BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}


class HeaderError(ValueError):
    """A file that is not whole; the message does not name it."""


def read_header(file: Path) -> Tensors:
    """The shapes of all tensors; HeaderError for a file that is cut off or no safetensors file."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise HeaderError(f"{size} bytes, which is cut off or no safetensors file")
        text = stream.read(length)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        shapes = {name: _counts(entry["shape"]) for name, entry in header.items()}
        spans = {name: _span(*_counts(entry["data_offsets"])) for name, entry in header.items()}
        types = {name: str(entry["dtype"]) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HeaderError("its header is not one of a safetensors file") from None
    end = 0
    for name, (start, stop) in spans.items():
        width = BYTES.get(types[name])
        if width is not None and stop - start != width * math.prod(shapes[name]):
            raise HeaderError(f"{name[:80]!r} has {stop - start} bytes, its shape needs others")
        end = max(end, stop)
    if size != 8 + length + end:
        raise HeaderError(f"{size} bytes where its header promises {8 + length + end}")
    return shapes


def _counts(values: object) -> tuple[int, ...]:
    """Whole numbers that a file could have of anything: from 0, below 2**63. ValueError for anything else."""
    if not isinstance(values, list) or not all(type(one) is int and 0 <= one < 1 << 63 for one in values):
        raise ValueError("not a list of counts")
    return tuple(values)


def _span(start: int, stop: int) -> tuple[int, int]:
    """TypeError where it was called with more numbers or fewer."""
    if stop < start:
        raise ValueError("ends before it begins")
    return start, stop
