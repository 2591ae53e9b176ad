"""What the parsers of all agents share: sessions, sums, and the events of command lines that speak
plainly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .event import Event, Kind, Usage, readable
from .failure import Prevented, failure_of

# US dollars for a million tokens, {"input", "cached", "output"}; or such a map for each language model.
Prices = dict[str, Any]


@dataclass(frozen=True)
class Tokens:
    """`sent` counts all input tokens, `cached` those of them that were read from a cache; `cost` is None
    for unknown.
    """

    sent: int = 0
    cached: int = 0
    made: int = 0
    cost: float | None = None

    def __add__(self, other: Tokens) -> Tokens:
        if NOTHING in (self, other):
            return other if self == NOTHING else self
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Tokens(self.sent + other.sent, self.cached + other.cached, self.made + other.made, cost)


NOTHING = Tokens()


class Parser:
    """Takes the records of a trace one by one. A subclass says in `read` what the events of its command
    line mean.

    `account(key, tokens)` keeps the latest sum under each key: one key for each counter that a command line
    restarts.
    """

    def __init__(self) -> None:
        self.agent: dict[str, Any] = {}
        self.sessions = 0
        self.turns = 0
        self.tool_calls = 0
        self.prevented: Prevented | None = None
        self.unready = ""
        self._accounts: dict[str, Tokens] = {}
        self._time: str | None = None
        self._answering = False

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        """The transcript's events of one JSON line that the command line printed."""
        raise NotImplementedError

    def left_behind(self, home: Path) -> Iterator[dict[str, Any]]:
        """Events to add to the trace of an agent that was cut off, from what its command line keeps in its
        home.
        """
        del home
        yield from ()

    def add(self, record: object) -> list[Event]:
        """The transcript's events of one record of the trace, which may have any shape."""
        if not isinstance(record, dict):
            return [self.say("note", str(record))]
        time, event, text = record.get("time"), record.get("event"), record.get("text")
        self._time = time if isinstance(time, str) else None
        if not isinstance(event, dict):
            return [self.say("note", text if isinstance(text, str) else json.dumps(record))]
        try:
            return list(
                self._own(event) if str(event.get("type", "")).startswith("ptb.") else self.read(event)
            )
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            # Another version of the command line, or an agent that writes into its own trace.
            return [self.say("note", json.dumps(event))]

    def end(self) -> list[Event]:
        """What is left to say behind the last record."""
        return []

    def _own(self, event: dict[str, Any]) -> Iterator[Event]:
        """Lines that solve.sh and the recorder print."""
        if event["type"] == "ptb.agent":
            self.agent = {key: value for key, value in event.items() if key != "type"}
            yield self.say("note", ", ".join(f"{key} {value}" for key, value in self.agent.items() if value))
        elif event["type"] == "ptb.session":
            self.sessions += 1
            self._answering = False
        elif event["type"] == "ptb.unready":
            self.unready = str(event["because"])
            yield self.say("error", self.unready)
        elif event["type"] == "ptb.tokens":
            tokens = Tokens(count(event, "sent"), count(event, "cached"), count(event, "made"))
            self.account(str(event["key"]), tokens)
        else:
            yield self.say("note", json.dumps(event))

    def say(self, kind: Kind, text: str, tool: str | None = None) -> Event:
        """An event of now; what the agent itself says or does shows that its provider answers."""
        self.tool_calls += kind == "tool_call"
        if kind in ("message", "thinking", "tool_call"):
            self.prevented = None
            # What the model says until a tool answers is one turn.
            self.turns += not self._answering
            self._answering = True
        elif kind == "tool_result":
            self._answering = False
        # What comes before the first session's start belongs to it.
        return Event(
            self._time, kind, readable(text), None if tool is None else readable(tool), max(self.sessions, 1)
        )

    def ended_with(self, message: str, status: int | None = None) -> Event:
        """The event of an error that ended a session."""
        event = self.say("error", message)
        self.prevented = Prevented(message, status)
        return event

    def account(self, key: str, tokens: Tokens) -> None:
        """Sets what the counter `key` stands at."""
        self._accounts[key] = tokens

    def accounted(self, key: str) -> Tokens:
        """What the counter `key` stands at."""
        return self._accounts.get(key, NOTHING)

    def usage(self, prices: Prices | None = None) -> Usage:
        """The sums so far. Counters without a cost of their own are priced, where there are prices."""
        if prices is not None and "input" not in prices:
            prices = prices.get(str(self.agent.get("model")))
        cost: float | None = 0.0
        for tokens in self._accounts.values():
            one = tokens.cost if tokens.cost is not None else _price(tokens, prices)
            cost = None if cost is None or one is None else cost + one
        total = sum(self._accounts.values(), NOTHING)
        known = any(tokens != NOTHING for tokens in self._accounts.values())
        return Usage(
            input_tokens=total.sent,
            cached_tokens=total.cached,
            output_tokens=total.made,
            cost_usd=round(cost, 6) if known and cost is not None else None,
            turns=self.turns,
            sessions=max(self.sessions, 1),
            tool_calls=self.tool_calls,
        )

    def failure(self, limit: str | None = None) -> dict[str, Any] | None:
        """The document for failure.json of an agent that its provider kept from working, else None."""
        return None if self.prevented is None else failure_of(self.prevented, limit)


def count(record: object, key: str) -> int:
    """A count of tokens; 0 for what is absent or no count."""
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def shown(value: object) -> str:
    """What a tool is given, or gives: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _price(tokens: Tokens, prices: Prices | None) -> float | None:
    if tokens == NOTHING:
        return 0.0
    if prices is None:
        return None
    fresh = max(tokens.sent - tokens.cached, 0)
    fresh_price, made_price = float(prices["input"]), float(prices["output"])
    cached_price = float(prices.get("cached", fresh_price))
    return (fresh * fresh_price + tokens.cached * cached_price + tokens.made * made_price) / 1e6


class Plain(Parser):
    """An agent without a parser of its own: {"type": KIND, "text", "tool"} are events, all else is a note."""

    def read(self, event: dict[str, Any]) -> Iterator[Event]:
        kinds: tuple[Kind, ...] = ("message", "thinking", "tool_call", "tool_result", "error", "note")
        kind: Kind = next((one for one in kinds if one == event.get("type")), "note")
        tool = event.get("tool")
        text = event.get("text")
        yield self.say(
            kind,
            text if isinstance(text, str) else json.dumps(event),
            tool if isinstance(tool, str) else None,
        )
