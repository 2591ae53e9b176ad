"""Text to pre-train on: sums, little stories and records. It shows arithmetic and copying, and no
question with its answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from .skills import DAYS, GOODS, NAMES, ROOMS, THINGS


def documents(seed: int) -> Iterator[str]:
    """Endless short paragraphs; the same seed gives the same ones."""
    rng = Random(f"small_lm {seed}")
    makers = (_sums, _story, _record, _note)
    while True:
        yield rng.choice(makers)(rng)


def _sum(rng: Random) -> str:
    kind = rng.randrange(3)
    if kind == 0:
        a, b = rng.randint(1, 99), rng.randint(1, 39)
        return f"{a} + {b} = {a + b}."
    if kind == 1:
        a = rng.randint(2, 99)
        b = rng.randint(1, a)
        return f"{a} - {b} = {a - b}."
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    return f"{a} * {b} = {a * b}."


def _sums(rng: Random) -> str:
    return " ".join(_sum(rng) for _ in range(rng.randint(3, 8)))


def _story(rng: Random) -> str:
    one, other = rng.sample(NAMES, 2)
    things, a, b = rng.choice(THINGS), rng.randint(2, 60), rng.randint(2, 39)
    day, room = rng.choice(DAYS), rng.choice(ROOMS)
    taken, bags, each = min(a, b), a % 8 + 2, b % 8 + 2
    return rng.choice(
        (
            f"On {day} {one} found {a} {things} in the {room}. {other} had {b}, "
            f"so together they had {a + b} {things}.",
            f"{one} counts the {things} in the {room}: {a}. {other} takes {taken}, and {a - taken} stay.",
            f"{other} fills bags with {things}. In each of the {bags} bags are {each}, "
            f"that is {bags * each} in all. {one} carries them to the {room}.",
            f"It is {day}, {a % 24}:{b % 50 + 10}. In the {room} it has {b} degrees. {one} and {other} wait.",
        )
    )


def _fields(rng: Random) -> dict[str, object]:
    every: dict[str, object] = {
        "name": rng.choice(NAMES),
        "day": rng.choice(DAYS),
        "room": rng.choice(ROOMS),
        "item": rng.choice(GOODS),
        "things": rng.choice(THINGS),
        "hour": rng.randint(0, 23),
        "minute": rng.randint(10, 59),
        "euros": rng.randint(2, 99),
        "count": rng.randint(2, 40),
    }
    return {key: every[key] for key in rng.sample(sorted(every), rng.randint(2, 3))}


def _record(rng: Random) -> str:
    fields = _fields(rng)
    return "; ".join(f"{key} {value}" for key, value in fields.items()) + "\n" + json.dumps(fields)


def _note(rng: Random) -> str:
    fields = _fields(rng)
    head = json.dumps({"name": "note", "arguments": fields})
    return f"<note>\n{head}\n</note>\n" + ", ".join(str(value) for value in fields.values())
