"""Distances of a model's tensors to two others, in one pass over the files and in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors_file import FLOATS, Floats, Tensor, as_floats, convert

# Elements read at once, and worked on at once: the latter stay in the cache of one core.
READ, WORK = 1 << 22, 1 << 17

# A large tensor is shared out in parts of so many elements.
PART = 1 << 25

# Prefixes that libraries put before the same names.
PREFIXES = (
    "_orig_mod.",
    "module.",
    "base_model.model.",
    "model.",
    "language_model.",
    "transformer.",
    "base_layer.",
)

# What a renamed tensor is recognised by: elements at so many places, and how far it may be from its original,
# relative to the original's size.
SAMPLE = 1024
SAME_TENSOR = 0.9


@dataclass
class Sums:
    """Sums over the elements of f (final), b (base), o (other). `to_other` compares f with o directly."""

    base: float = 0.0
    moved: float = 0.0
    way: float = 0.0
    along: float = 0.0
    to_other: float = 0.0
    turned: float = 0.0
    same_as_base: bool = True
    same_as_other: bool = True

    def add(self, other: Sums) -> None:
        """Adds another part of the same tensor, or another tensor."""
        self.base += other.base
        self.moved += other.moved
        self.way += other.way
        self.along += other.along
        self.to_other += other.to_other
        self.turned += other.turned
        self.same_as_base = self.same_as_base and other.same_as_base
        self.same_as_other = self.same_as_other and other.same_as_other

    @property
    def share(self) -> float:
        """How far f went from b towards o, by least squares: <f-b, o-b> / |o-b|²; 0 at b, 1 at o."""
        return self.along / self.way if self.way > 0 else 0.0

    @property
    def cosine(self) -> float:
        """Between f-b and o-b."""
        return self.along / sqrt(self.moved * self.way) if self.moved > 0 and self.way > 0 else 0.0

    @property
    def likeness(self) -> float:
        """Cosine between f and b: near 1 for what descends from b, near 0 for a stranger."""
        length = self.base + 2 * self.turned + self.moved
        return (self.base + self.turned) / sqrt(self.base * length) if self.base > 0 and length > 0 else 0.0

    @property
    def distance(self) -> float:
        """|f-b| / |b|."""
        return sqrt(self.moved / self.base) if self.base > 0 else 0.0

    @property
    def distance_to_other(self) -> float:
        """|f-o| / |b|."""
        return sqrt(self.to_other / self.base) if self.base > 0 else 0.0


def plain(name: str) -> str:
    """A tensor's name without the prefixes that come and go."""
    changed = True
    while changed:
        changed = False
        for prefix in PREFIXES:
            if name.startswith(prefix):
                name, changed = name.removeprefix(prefix), True
    return name.replace(".base_layer.", ".")


def match(final: dict[str, Tensor], reference: dict[str, Tensor]) -> dict[str, Tensor]:
    """From the names in `final` to their counterparts: by name, else by shape and nearness. An output layer
    that is tied to the embedding in one of them and not in the other is compared with the embedding.

    Shapes may differ in the first side only (a vocabulary that grew). Raises OSError, ValueError.
    """
    by_plain = {plain(name): tensor for name, tensor in reference.items()}
    found: dict[str, Tensor] = {}
    rest: list[Tensor] = []
    for name, tensor in final.items():
        other = reference.get(name) or by_plain.get(plain(name))
        if other is not None and _comparable(tensor, other):
            found[name] = other
        elif tensor.dtype in FLOATS:
            rest.append(tensor)
    taken = {tensor.name for tensor in found.values()}
    free = [tensor for tensor in reference.values() if tensor.dtype in FLOATS]
    samples: dict[str, Floats] = {}
    for tensor in rest:
        tied = plain(tensor.name) == "lm_head.weight"
        near = [
            (_sample_distance(tensor, other, samples), other)
            for other in free
            if other.shape == tensor.shape and (tied or other.name not in taken)
        ]
        if near:
            distance, other = min(near, key=lambda one: one[0])
            if distance <= SAME_TENSOR:
                found[tensor.name] = other
    return found


def _comparable(one: Tensor, other: Tensor) -> bool:
    if one.dtype not in FLOATS or other.dtype not in FLOATS or len(one.shape) != len(other.shape):
        return False
    return one.shape == other.shape or (len(one.shape) == 2 and one.shape[1:] == other.shape[1:])


def _sample_distance(one: Tensor, other: Tensor, samples: dict[str, Floats]) -> float:
    left, right = (samples.setdefault(f"{t.file}:{t.name}", _sample(t)) for t in (one, other))
    size = float(np.dot(right, right))
    return float(np.dot(left - right, left - right)) / size if size > 0 else 1.0


def _sample(tensor: Tensor) -> Floats:
    places = np.linspace(0, max(0, tensor.size - SAMPLE // 8), 8).astype(np.int64)
    count = min(tensor.size, SAMPLE // 8)
    return np.concatenate([as_floats(tensor.read(int(place), count), tensor.dtype) for place in places])


@dataclass(frozen=True)
class Triple:
    """A tensor of the final model with its counterparts."""

    final: Tensor
    base: Tensor
    other: Tensor | None

    @property
    def size(self) -> int:
        """Elements that all of them have: of a longer vocabulary, the first rows."""
        return min(t.size for t in (self.final, self.base, self.other) if t is not None)


def compare(triples: list[Triple], jobs: int, sample: int | None = None) -> dict[str, Sums | None]:
    """Sums per tensor of the final model; None for one whose data cannot be read. `sample`: only so many
    elements of each tensor, from several places."""
    parts = [(triple, first, count) for triple in triples for first, count in _parts(triple.size, sample)]
    sums: dict[str, Sums | None] = {}
    with ThreadPoolExecutor(jobs) as pool:
        # numpy lets go of the interpreter's lock in each of its loops, so threads share the work.
        for (triple, _, _), part in zip(parts, pool.map(lambda one: _sum(*one), parts), strict=True):
            name = triple.final.name
            known = sums.setdefault(name, Sums())
            if part is None or known is None:
                sums[name] = None
            else:
                known.add(part)
    return sums


def _parts(size: int, sample: int | None) -> Iterator[tuple[int, int]]:
    if sample is not None and sample < size:
        for place in np.linspace(0, size - sample // 8, 8).astype(np.int64).tolist():
            yield place, sample // 8
        return
    for first in range(0, size, PART):
        yield first, min(PART, size - first)


def _sum(triple: Triple, first: int, count: int) -> Sums | None:
    sums = Sums()
    try:
        for start in range(first, first + count, READ):
            read = min(READ, first + count - start)
            _add_block(triple, start, read, sums)
    except (OSError, ValueError):
        return None
    return sums


def _add_block(triple: Triple, start: int, count: int, sums: Sums) -> None:
    final, base, other = triple.final, triple.base, triple.other
    f_stored, b_stored = final.read(start, count), base.read(start, count)
    o_stored = other.read(start, count) if other is not None else b_stored
    o_type = other.dtype if other is not None else base.dtype
    sums.same_as_base = sums.same_as_base and _same(f_stored, final.dtype, b_stored, base.dtype)
    if other is not None:
        sums.same_as_other = sums.same_as_other and _same(f_stored, final.dtype, o_stored, o_type)
    for at in range(0, count, WORK):
        b = as_floats(b_stored[at : at + WORK], base.dtype)
        moved = as_floats(f_stored[at : at + WORK], final.dtype) - b
        sums.base += float(np.dot(b, b))
        sums.moved += float(np.dot(moved, moved))
        sums.turned += float(np.dot(b, moved))
        if other is not None:
            way = as_floats(o_stored[at : at + WORK], o_type) - b
            sums.way += float(np.dot(way, way))
            sums.along += float(np.dot(moved, way))
            way -= moved
            sums.to_other += float(np.dot(way, way))


def _same(one: npt.NDArray[Any], one_type: str, other: npt.NDArray[Any], other_type: str) -> bool:
    """Equal, also when one was stored in a narrower type: which that is, is not always clear (float16,
    bfloat16), so either way will do. Asked of the first elements first."""
    for count in (256, len(one)):
        left, right = one[:count], other[:count]
        if not (
            np.array_equal(convert(left, one_type, other_type), right)
            or np.array_equal(left, convert(right, other_type, one_type))
        ):
            return False
    return True


# Random directions that a change is projected on: a change of lower rank lies in their image.
PROBES = 64


def low_rank(triple: Triple) -> float:
    """Which share of f-b (squared) the PROBES strongest directions hold. A full-rank change of a large
    matrix has little there; a merged LoRA of rank up to PROBES nearly all, but for rounding.

    Halko, Martinsson, Tropp, "Finding structure with randomness" (2011), algorithm 4.1.
    """
    rows, columns = triple.final.shape
    change = (
        as_floats(triple.final.read(0, rows * columns), triple.final.dtype)
        - as_floats(triple.base.read(0, rows * columns), triple.base.dtype)
    ).reshape(rows, columns)
    total = float(np.dot(change.ravel(), change.ravel()))
    if total == 0:
        return 0.0
    probes = np.random.default_rng(1).standard_normal((columns, PROBES)).astype(np.float32)
    directions, _ = np.linalg.qr(change @ probes)
    held = directions.T @ change
    return float(np.dot(held.ravel(), held.ravel())) / total
