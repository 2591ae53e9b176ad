"""The two skills that the smoke evals test, and the line between what may be trained on and what is tested.

The line is a rule on the item itself, not a list: base and instruct models, training sets and test sets are
made by different programs at different times, and none of them can take an item from the wrong side.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator
from random import Random

from .training import Example

LETTERS = string.ascii_lowercase
TEST_SHARE = 16


def addition(a: int, b: int) -> Example:
    """Two numbers of up to two digits, written with two."""
    return Example(f"{a:02}+{b:02}=", str(a + b))


def sorting(letters: str) -> Example:
    return Example(f"{letters}>", "".join(sorted(letters)))


def held_out(*parts: object) -> bool:
    """Whether only tests may hold an item with these parts, in any order: about one item in TEST_SHARE.

    Order is ignored because 12+34 would give away 34+12, and `acb` the answer to `cab`.
    """
    text = " ".join(sorted(str(part) for part in parts))
    return hashlib.sha256(text.encode()).digest()[0] % TEST_SHARE == 0


def pairs(rng: Random, *, tested: bool) -> Iterator[tuple[int, int]]:
    """All pairs of numbers 0..99 on one side of the line, in random order, each once."""
    every = [(a, b) for a in range(100) for b in range(100) if held_out(a, b) == tested]
    rng.shuffle(every)
    return iter(every)


def words(rng: Random, *, tested: bool) -> Iterator[str]:
    """Endless different strings of 3 to 6 different letters on one side of the line."""
    seen = set()
    while True:
        letters = "".join(rng.sample(LETTERS, rng.randint(3, 6)))
        if letters not in seen and held_out(*letters) == tested:
            seen.add(letters)
            yield letters
