"""What the tiny items ask, and the line between what may be trained on and what is tested.

The line is a rule on the item itself, as in numpy_lm.tasks: no list has to be kept in two places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from numpy_lm.tasks import held_out

T = TypeVar("T")

NAMES = ("Ann", "Ben", "Eva", "Ida", "Max", "Tim", "Tom", "Zoe")
THINGS = ("apples", "books", "cards", "coins", "pens", "shells", "stamps", "stones")
KINDS = {
    "animal": ("cat", "cow", "dog", "fox", "goat", "hen", "horse", "owl"),
    "colour": ("black", "blue", "brown", "green", "grey", "pink", "red", "white"),
    "fruit": ("apple", "cherry", "fig", "grape", "lemon", "melon", "peach", "plum"),
    "tool": ("axe", "drill", "file", "hammer", "pliers", "rake", "saw", "spade"),
}
OPERATIONS = {"plus": "+", "minus": "-", "times": "*"}


@dataclass(frozen=True)
class Sum:
    name: str
    things: str
    a: int
    b: int

    @property
    def question(self) -> str:
        return (
            f"{self.name} has {self.a} {self.things} and gets {self.b} more. "
            f"How many {self.things} has {self.name} now?"
        )

    @property
    def answer(self) -> int:
        return self.a + self.b


@dataclass(frozen=True)
class Choice:
    kind: str
    right: str
    wrong: tuple[str, str, str]

    @property
    def question(self) -> str:
        return f"Which of these is a kind of {self.kind}?"


@dataclass(frozen=True)
class Function:
    operation: str
    number: int
    argument: str

    @property
    def name(self) -> str:
        return f"{self.operation}_{self.number}"

    @property
    def prompt(self) -> str:
        return (
            f"def {self.name}({self.argument}: int) -> int:\n"
            f'    """Returns {self.argument} {self.operation} {self.number}."""\n'
        )

    @property
    def body(self) -> str:
        return f"    return {self.argument} {OPERATIONS[self.operation]} {self.number}"

    @property
    def test(self) -> str:
        lines = (
            f"    assert candidate({x}) == {x} {OPERATIONS[self.operation]} {self.number}"
            for x in (0, 1, 7, 20)
        )
        return "def check(candidate):\n" + "\n".join(lines) + "\n"


def sums(rng: Random, *, tested: bool) -> Iterator[Sum]:
    """Different sums of two numbers of 1 to 5 from one side of the line, as many as there are."""
    return _different(
        lambda: Sum(rng.choice(NAMES), rng.choice(THINGS), rng.randint(1, 5), rng.randint(1, 5)),
        lambda one: held_out(one.name, one.things, one.a, one.b) == tested,
    )


def choices(rng: Random, *, tested: bool) -> Iterator[Choice]:
    """Different questions from one side of the line, as many as there are."""

    def one() -> Choice:
        kind, *others = rng.sample(sorted(KINDS), 4)
        first, second, third = (rng.choice(KINDS[other]) for other in others)
        return Choice(kind, rng.choice(KINDS[kind]), (first, second, third))

    return _different(one, lambda choice: held_out(choice.right, *choice.wrong) == tested)


def functions(rng: Random, *, tested: bool) -> Iterator[Function]:
    """Different functions from one side of the line, in random order, each once."""
    every = [
        Function(operation, number, argument)
        for operation in OPERATIONS
        for number in range(10, 100)
        for argument in "abnxyz"
    ]
    rng.shuffle(every)
    return (one for one in every if held_out(one.operation, one.number) == tested)


# So many draws in a row that bring nothing new mean that there is nothing new.
DRAWS = 100_000


def _different(make: Callable[[], T], wanted: Callable[[T], bool]) -> Iterator[T]:
    """Ends when it has found all that `make` draws, as good as surely."""
    seen: set[T] = set()
    while True:
        for _ in range(DRAWS):
            one = make()
            if one not in seen and wanted(one):
                break
        else:
            return
        seen.add(one)
        yield one
