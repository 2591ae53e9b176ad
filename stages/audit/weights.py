"""M: the final model's weights are those of the official instruct model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from finding import Evidence, Finding, Skipped
from safetensors_file import FLOATS, Tensor, convert, read_tensors

CHECK = "weights of the instruct model"

# Equality of fewer elements than this could be chance (a norm's few weights, all ones), so it proves nothing.
TELLING = 64

MOST_EVIDENCE = 20


def find_instruct_weights(final: Path, base: Path, instruct: Path) -> list[Finding | Skipped]:
    """Compares tensor by tensor. What the instruct model shares with the base model says nothing; any other
    tensor that is equal to the instruct model's does, because training from the base model never gives the
    same numbers."""
    if not final.is_dir():
        return [Skipped(CHECK, "no final model")]
    try:
        tensors = read_tensors(final)
    except (OSError, ValueError) as error:
        return [Skipped(CHECK, f"final_model cannot be read: {error}")]
    if not tensors:
        return [Skipped(CHECK, "final_model holds no safetensors file")]
    of_base, of_instruct = read_tensors(base), read_tensors(instruct)
    equal: list[str] = []
    telling = 0
    for name, tensor in of_instruct.items():
        if tensor.size < TELLING or (name in of_base and same(of_base[name], tensor)):
            continue
        telling += 1
        if name in tensors and _same_or_unreadable(tensors[name], tensor):
            equal.append(name)
    if telling == 0:
        return [Skipped(CHECK, "base and instruct model have the same weights")]
    if not equal:
        return []
    summary = f"{len(equal)} of {telling} tensors in which the instruct model differs from base are its own"
    evidence = [
        Evidence(f"final_model/{tensors[name].file.name}", excerpt=_describe(tensors[name]), item=name)
        for name in equal[:MOST_EVIDENCE]
    ]
    return [Finding("M", CHECK, summary, evidence)]


def same(one: Tensor, other: Tensor) -> bool:
    """Equal, also when one of them was stored in a narrower float type. Raises OSError or ValueError for cut
    files."""
    if one.shape != other.shape:
        return False
    if one.dtype != other.dtype and not {one.dtype, other.dtype} <= FLOATS:
        return False
    # Rounding goes one way only, and which is the narrower is not always clear (float16, bfloat16): either
    # way will do.
    to_other = to_one = True
    for left, right in zip(one.blocks(), other.blocks(), strict=True):
        to_other = to_other and np.array_equal(convert(left, one.dtype, other.dtype), right)
        to_one = to_one and np.array_equal(left, convert(right, other.dtype, one.dtype))
        if not (to_other or to_one):
            return False
    return True


def _same_or_unreadable(tensor: Tensor, instruct: Tensor) -> bool:
    """As `same`; a tensor whose data is cut off equals nothing."""
    try:
        return same(tensor, instruct)
    except (OSError, ValueError):
        return False


def _describe(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape)}"
