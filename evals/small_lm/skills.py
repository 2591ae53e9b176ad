"""What the two benchmarks ask, as chats, and the line between what may be trained on and what is tested.

The line is a rule on the item itself, as in numpy_lm.tasks: no list has to be kept in two places.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from numpy_lm.tasks import held_out

NAMES = ("Ann", "Ben", "Eva", "Ida", "Jon", "Kim", "Leo", "Max", "Nia", "Tim", "Tom", "Zoe")
THINGS = ("apples", "books", "cards", "coins", "pens", "shells", "stamps", "stones")
ROOMS = ("attic", "bathroom", "bedroom", "cellar", "garage", "hall", "kitchen", "study")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GOODS = ("bread", "coffee", "flowers", "fruit", "paper", "shoes", "soap", "tea")

Tool = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One question with its answer. `call` is the wanted function and arguments where `tools` are offered."""

    question: str
    answer: str
    tools: tuple[Tool, ...] = ()
    call: dict[str, Any] | None = None

    def chat(self) -> list[dict[str, str]]:
        return [{"role": "user", "content": self.question}, {"role": "assistant", "content": self.answer}]


def words(rng: Random, *, tested: bool) -> Iterator[Item]:
    """Endless word problems of two steps from one side of the line, numbers below 100."""
    return _sided(lambda: _problem(rng), tested)


def calls(rng: Random, *, tested: bool) -> Iterator[Item]:
    """Endless wishes that one of three offered functions fulfils, from one side of the line."""
    return _sided(lambda: _wish(rng), tested)


SKILLS: dict[str, Callable[..., Iterator[Item]]] = {"words": words, "calls": calls}

Parts = tuple[object, ...]


def _sided(make: Callable[[], tuple[Parts, Item]], tested: bool) -> Iterator[Item]:
    seen = set()
    while True:
        parts, item = make()
        if held_out(*parts) != tested or (tested and item.question in seen):
            continue
        seen.add(item.question)
        yield item


def _problem(rng: Random) -> tuple[Parts, Item]:
    one, other = rng.sample(NAMES, 2)
    things = rng.choice(THINGS)
    kind = rng.choice(("gets", "bags", "shares"))
    if kind == "gets":
        a, b = rng.randint(2, 60), rng.randint(2, 39)
        c = rng.randint(1, a + b - 1)
        story = f"{one} has {a} {things}. {other} brings {b} more, and then {one} gives {c} away."
        steps, answer = f"{a} + {b} = {a + b}. {a + b} - {c} = {a + b - c}.", a + b - c
    elif kind == "bags":
        a, b = rng.randint(2, 9), rng.randint(2, 9)
        c = rng.randint(1, 18)
        story = f"{one} buys {a} bags with {b} {things} in each and finds {c} more at home."
        steps, answer = f"{a} * {b} = {a * b}. {a * b} + {c} = {a * b + c}.", a * b + c
    else:
        a, b = rng.randint(20, 99), rng.randint(2, 18)
        c = rng.randint(1, a - b - 1)
        story = f"{one} owns {a} {things}, loses {b} on the way and sells {c} to {other}."
        steps, answer = f"{a} - {b} = {a - b}. {a - b} - {c} = {a - b - c}.", a - b - c
    question = f"{story} How many {things} does {one} have in the end?"
    return (kind, a, b, c), Item(question, f"{steps}\n\nANSWER: {answer}")


def _tool(name: str, description: str, **properties: str) -> Tool:
    """As inspect-ai's ToolInfo writes it, so that training and test show a function in the same words."""
    return {
        "name": name,
        "description": description,
        "parameters": {
            "type": "object",
            "properties": {key: {"type": kind} for key, kind in properties.items()},
            "required": list(properties),
            "additionalProperties": False,
        },
    }


TOOLS = {
    tool["name"]: tool
    for tool in (
        _tool("set_alarm", "Sets an alarm.", hour="integer", minute="integer"),
        _tool("add_expense", "Notes what was paid.", item="string", euros="integer"),
        _tool("set_temperature", "Heats a room.", room="string", degrees="integer", hour="integer"),
        _tool("book_table", "Books a table.", day="string", guests="integer", hour="integer"),
        _tool("lend", "Notes who has borrowed what.", person="string", things="string", count="integer"),
    )
}


def _wish(rng: Random) -> tuple[Parts, Item]:
    name = rng.choice(sorted(TOOLS))
    arguments: dict[str, Any]
    if name == "set_alarm":
        hour, minute = rng.randint(0, 23), rng.randint(10, 59)
        arguments = {"hour": hour, "minute": minute}
        question = f"Please wake me at {hour}:{minute}."
    elif name == "add_expense":
        arguments = {"item": rng.choice(GOODS), "euros": rng.randint(2, 99)}
        question = f"I paid {arguments['euros']} euros for {arguments['item']}."
    elif name == "set_temperature":
        arguments = {"room": rng.choice(ROOMS), "degrees": rng.randint(10, 29), "hour": rng.randint(0, 23)}
        question = "It should be {degrees} degrees in the {room} at {hour} o'clock.".format(**arguments)
    elif name == "book_table":
        arguments = {"day": rng.choice(DAYS), "guests": rng.randint(2, 19), "hour": rng.randint(12, 22)}
        question = "We are {guests} and want to eat out on {day} at {hour}.".format(**arguments)
    else:
        arguments = {"person": rng.choice(NAMES), "things": rng.choice(THINGS), "count": rng.randint(2, 40)}
        question = f"{arguments['person']} has taken {arguments['count']} of my {arguments['things']}."
    others = rng.sample(sorted(set(TOOLS) - {name}), 2)
    offered = [name, *others]
    rng.shuffle(offered)
    call = {"name": name, "arguments": arguments}
    answer = f"<tool_call>\n{json.dumps(call)}\n</tool_call>"
    wanted = {"function": name, "arguments": arguments}
    return (name, *arguments.values()), Item(question, answer, tuple(TOOLS[one] for one in offered), wanted)
