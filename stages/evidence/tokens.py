"""Text as 64-bit hashes of its words, and of runs of words, in a few vectorised passes over bytes.

A word is a run of letters or a run of digits, in lower case; everything else separates, backslash escapes of
programs and JSON among it. So quoting, white space, line breaks and case make no difference. Bytes are taken
as UTF-8 whatever they are: a broken character is a part of a word like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What a byte is part of: nothing, a word, a number, or (where symbols count) a word of its own.
_NOTHING, _LETTER, _DIGIT, _SYMBOL = range(4)

# Symbols that tell 2+3 from 2-3.
SYMBOLS = b"+-*/=<>^%"

# Odd constants from the fractional bits of the golden ratio and of primes' square roots: multiplying by them
# loses nothing modulo 2**64 and spreads low bits upwards.
_K = [
    np.uint64(k)
    for k in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
    )
]
_FOLD = np.uint64(32)

# All numbers look like this one where numbers do not count.
NUMBER = np.uint64(0x5851F42D4C957F2D)

# Bytes of zeros that a buffer is continued by, so that 8 bytes can be read at any word's end.
_PAD = 24

_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")

# Marks that people and programs write now one way and now another, in UTF-8; each takes as many blanks.
_MARKS = re.compile(
    b"|".join(mark.encode() for mark in "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00a0\u00b7\u200b\ufeff")
)
_LEADS = (b"\xe2\x80", b"\xc2", b"\xef\xbb")


def _table(symbols: bool) -> bytes:
    kinds = bytearray(256)
    for byte in range(256):
        char = bytes([byte])
        if char.isdigit():
            kinds[byte] = _DIGIT
        elif char.isalpha() or byte >= 0x80:
            kinds[byte] = _LETTER
        elif symbols and char in SYMBOLS:
            kinds[byte] = _SYMBOL
    return bytes(kinds)


_KINDS = {symbols: _table(symbols) for symbols in (False, True)}
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [(1 << 64) - 1], dtype=np.uint64)


@dataclass(frozen=True)
class Words:
    """Words in order: hash, place in `text`, whether it is a number. `text` is the bytes as they were read,
    lower case and without escapes, so places in it are not places in the file; its line breaks are."""

    text: bytes
    hashes: Hashes
    begins: Offsets
    ends: Offsets
    numbers: Flags

    def __len__(self) -> int:
        return len(self.hashes)


def fold(data: bytes) -> bytes:
    """Lower case, with escapes resolved. Line breaks stay, and no other byte becomes one."""
    if b"\\" in data:
        if b"\\u" in data:
            data = _ESCAPED.sub(_character, data)
        for escape in (b"\\n", b"\\t", b"\\r"):
            data = data.replace(escape, b"  ")
    # Searching for one byte costs next to nothing, and plain ASCII needs no more.
    if (b"\xe2" in data or b"\xc2" in data or b"\xef" in data) and any(lead in data for lead in _LEADS):
        data = _MARKS.sub(lambda mark: b" " * len(mark[0]), data)
    return data.lower()


def _character(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16)
    if code < 0x20 or 0xD800 <= code < 0xE000:
        return b" "
    return chr(code).encode()


def words(data: bytes, symbols: bool = False) -> Words:
    """The words of `data`. With `symbols`, each of SYMBOLS is a word too."""
    return words_of(fold(data), symbols)


def words_of(text: bytes, symbols: bool = False) -> Words:
    """The words of what `fold` gave."""
    kinds = np.frombuffer(text.translate(_KINDS[symbols]), dtype=np.uint8)
    empty = np.zeros(0, dtype=np.int64)
    if len(kinds) == 0:
        return Words(text, empty.astype(np.uint64), empty, empty, empty.astype(np.bool_))
    border = np.empty(len(kinds) + 1, dtype=np.bool_)
    border[0] = border[-1] = True
    np.not_equal(kinds[1:], kinds[:-1], out=border[1:-1])
    if symbols:
        # Two symbols side by side are two words.
        border[1:-1] |= kinds[1:] == _SYMBOL
    edges = np.flatnonzero(border)
    begins, ends = edges[:-1], edges[1:]
    kind = kinds[begins]
    kept = kind != _NOTHING
    begins, ends, kind = begins[kept], ends[kept], kind[kept]
    return Words(text, _hash(text, begins, ends), begins, ends, kind == _DIGIT)


def _hash(text: bytes, begins: Offsets, ends: Offsets) -> Hashes:
    """Of the first 16 bytes, the last 8 and the length: longer words that agree in these are one word."""
    padded = text + bytes(_PAD)
    eights: Hashes = np.ndarray(shape=(len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
    lengths = ends - begins
    hashes: Hashes = (eights[begins] & _MASKS[np.minimum(lengths, 8)]) * _K[0]
    hashes ^= lengths.astype(np.uint64) * _K[3]
    long = np.flatnonzero(lengths > 8)
    if len(long) > 0:
        rest = lengths[long]
        hashes[long] ^= (eights[begins[long] + 8] & _MASKS[np.minimum(rest - 8, 8)]) * _K[1]
        hashes[long] ^= eights[ends[long] - 8] * _K[2]
    hashes ^= hashes >> _FOLD
    hashes *= _K[4]
    hashes ^= hashes >> _FOLD
    return hashes


def _join(first: Hashes, second: Hashes) -> Hashes:
    joined: Hashes = first * _K[1]
    joined += second * _K[2]
    joined ^= joined >> _FOLD
    return joined


def grams(hashes: Hashes, length: int) -> Hashes:
    """The hash of each run of `length` words: shape (max(0, words - length + 1),). Runs of 1, 2, 4, … words
    are put together, so the work grows with the logarithm of the length."""
    count = len(hashes) - length + 1
    if count <= 0:
        return hashes[:0]
    run, size, start, total = hashes, 1, 0, None
    rest = length
    while rest:
        if rest & 1:
            part = run[start : start + count]
            total = part if total is None else _join(total, part)
            start += size
        rest >>= 1
        if rest:
            run = _join(run[:-size], run[size:])
            size *= 2
    assert total is not None
    return total


def masked(words_: Words) -> Hashes:
    """The hashes with every number as NUMBER."""
    return np.where(words_.numbers, NUMBER, words_.hashes)


class Table:
    """Looks many hashes up in a fixed set: a bitmap first, a binary search for the few that pass."""

    BITS = 22

    def __init__(self, sorted_hashes: Hashes) -> None:
        self._sorted = sorted_hashes
        self._map = np.zeros(1 << self.BITS, dtype=np.bool_)
        self._map[self._slots(sorted_hashes)] = True

    def _slots(self, hashes: Hashes) -> Hashes:
        slots: Hashes = hashes >> np.uint64(64 - self.BITS)
        return slots

    def find(self, hashes: Hashes) -> tuple[Offsets, Offsets]:
        """(places in `hashes`, places in the sorted set), equally long, in the order of the first."""
        if len(self._sorted) == 0 or len(hashes) == 0:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        places = np.flatnonzero(self._map[self._slots(hashes)])
        found = np.minimum(np.searchsorted(self._sorted, hashes[places]), len(self._sorted) - 1)
        same = self._sorted[found] == hashes[places]
        return places[same], found[same]
