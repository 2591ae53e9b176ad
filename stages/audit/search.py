"""Finds many texts at once in a long one.

Every needle has a beginning of `width` characters; the beginnings' hashes are looked up for every place of
the haystack in one vectorised pass, and only the few places that agree are compared. So a thousand questions
cost about as much as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

# Longer beginnings tell no more apart, and each character costs a pass.
WIDEST = 16

# Odd, so that multiplying by it loses nothing modulo 2**64 (the golden ratio, as in Fibonacci hashing).
FACTOR = np.uint64(0x9E3779B97F4A7C15)
TABLE_BITS = 18


class Search:
    """Places of `needles` (not empty) in texts."""

    def __init__(self, needles: list[str]) -> None:
        self._width = min(WIDEST, min(len(needle) for needle in needles))
        self._needles: dict[str, list[int]] = defaultdict(list)
        self._table = np.zeros(1 << TABLE_BITS, dtype=np.bool_)
        for number, needle in enumerate(needles):
            beginning = needle[: self._width]
            self._needles[beginning].append(number)
            self._table[self._slots(beginning)] = True
        self._texts = needles

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """(offset, number of the needle) of each occurrence in `text` that stands on its own: where the
        needle begins or ends with a letter or digit, none may touch it there: 2+3 does not stand in 12+34."""
        for offset in np.flatnonzero(self._table[self._slots(text)]).tolist():
            for number in self._needles.get(text[offset : offset + self._width], ()):
                needle = self._texts[number]
                if text.startswith(needle, offset) and stands_alone(text, offset, len(needle)):
                    yield offset, number

    def _slots(self, text: str) -> npt.NDArray[np.uint64]:
        """The slot of the beginning at each place of `text`: shape (max(0, len(text) - width + 1),)."""
        codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype=np.uint32).astype(
            np.uint64
        )
        count = max(0, len(codes) - self._width + 1)
        hashes = np.zeros(count, dtype=np.uint64)
        for shift in range(self._width):
            hashes = (hashes + codes[shift : shift + count] + np.uint64(1)) * FACTOR
        slots: npt.NDArray[np.uint64] = hashes >> np.uint64(64 - TABLE_BITS)
        return slots


def stands_alone(text: str, offset: int, length: int) -> bool:
    """Whether text[offset:offset+length] is not cut out of a longer word or number."""
    end = offset + length
    begins = offset == 0 or not (text[offset].isalnum() and text[offset - 1].isalnum())
    ends = end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
    return begins and ends
