"""Synthetic text to pre-train on: numbers, letters, small scenes, a few lines in the tasks' own format."""

from __future__ import annotations

from itertools import islice
from random import Random

from .tasks import LETTERS, addition, pairs, sorting, words
from .training import Example

PEOPLE = ("ann", "ben", "eva", "max", "tim", "zoe")
VERBS = ("sees", "has", "likes", "finds")
THINGS = ("a cat", "the dog", "a red box", "the old map", "a tree")


# The web that real models are pre-trained on holds some of every benchmark's kind: a base is poor, not blank.
ADDITION_SHARE, SORTING_SHARE = 0.25, 0.1


def corpus(seed: int, size: int) -> list[Example]:
    """`size` lines of text, about half of them sums in words; nothing in it may be asked by a test."""
    rng = Random(seed)
    told = islice(pairs(rng, tested=False), size // 2)
    sums = [f"{a:02} and {b:02} make {a + b}." for a, b in told]
    added = [addition(a, b) for a, b in islice(pairs(rng, tested=False), int(size * ADDITION_SHARE))]
    ordered = [sorting(letters) for letters in islice(words(rng, tested=False), int(size * SORTING_SHARE))]
    tasks = [example.prompt + example.answer for example in (*added, *ordered)]
    rest = [rng.choice((_counting, _alphabet, _scene))(rng) for _ in range(size - len(sums) - len(tasks))]
    return [Example("", text) for text in (*sums, *tasks, *rest)]


def _counting(rng: Random) -> str:
    start = rng.randrange(95)
    return "count: " + " ".join(f"{start + i:02}" for i in range(4)) + "."


def _alphabet(rng: Random) -> str:
    start = rng.randrange(len(LETTERS) - 5)
    return "letters: " + " ".join(LETTERS[start : start + 5]) + "."


def _scene(rng: Random) -> str:
    return f"{rng.choice(PEOPLE)} {rng.choice(VERBS)} {rng.choice(THINGS)}."
