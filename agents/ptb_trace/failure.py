"""Whether an agent was kept from working by its provider, which is no failure of its own.

Only the end of its last session counts: an agent that saw an error and went on was not prevented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# The end of an error says little more than its beginning. In characters.
LONGEST_REASON = 300


@dataclass(frozen=True)
class Prevented:
    """What a session ended with instead of an answer; `status` is HTTP's, where the command line tells it."""

    message: str
    status: int | None = None


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# What somebody has to mend: another try in a minute would end in the same way.
_LOGIN = _any_of(
    r"\b(?:401|403)\b",
    r"unauthori[sz]ed|authentication|invalid_grant",
    r"invalid (?:x-)?api[- ]?key|api key not valid|incorrect api key",
    r"(?:token|login|session|credentials?)\b.{0,40}\b(?:expired|revoked)",
    r"log ?in again|please (?:run )?/?log ?in|not logged in",
)
_MONEY = _any_of(
    r"\b402\b",
    r"credit balance|billing|spend(?:ing)? limit|payment required",
    r"insufficient[_ ](?:quota|funds|balance|credits?)",
    r"quota exceeded|exceeded your current quota|budget .{0,20}exceeded",
)
# What ends by itself.
_LIMIT = _any_of(
    r"usage limit|(?:5-hour|hourly|daily|weekly|session) limit",
    r"hit your limit|limit (?:will )?resets?|limit reached",
)
_OVERLOAD = _any_of(
    r"\b(?:408|409|425|429|5\d\d)\b",
    r"overloaded|rate.?limit|too many requests|resource.?exhausted|unavailable|server error",
    r"fetch failed|stream (?:disconnected|error)|error sending request|cannot connect|unable to connect",
    r"connection (?:error|reset|refused|closed)|socket hang up|timed? ?out",
    r"ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT",
)
_AFTER = _any_of(
    r"(?:try again|retry(?:ing)?|resets?)[^.\n]{0,20}?\bin"
    r" (\d+(?:\.\d+)?) ?(s|sec|seconds?|m|min|minutes?|h|hours?)\b"
)
_UNITS = {"s": 1, "m": 60, "h": 3600}


def failure_of(prevented: Prevented, limit: str | None) -> dict[str, Any] | None:
    """The document for failure.json, or None where the message is not one of a provider.

    `limit` names what the provider's jobs count against in the pipeline.
    """
    found = _classify(prevented)
    if found is None:
        return None
    kind, what = found
    message = " ".join(prevented.message.split())[:LONGEST_REASON]
    document: dict[str, Any] = {"class": kind, "because": f"{what}: {message}"}
    if limit:
        document["limit"] = limit
    after = _AFTER.search(prevented.message)
    if kind == "temporary" and after:
        document["retry-after"] = round(float(after[1]) * _UNITS[after[2][0].lower()])
    return document


def _classify(prevented: Prevented) -> tuple[str, str] | None:
    # The status stands for itself where there is one; "insufficient_quota" comes with 429, like "slow down".
    text, status = prevented.message, prevented.status
    if status == 402 or _MONEY.search(text):
        return "not-ready", "the provider's spending limit"
    if _LIMIT.search(text):
        return "temporary", "the provider's usage limit"
    if status in (401, 403) or (status is None and _LOGIN.search(text)):
        return "not-ready", "the provider refused the key or login"
    if (status is not None and (status >= 500 or status in (408, 409, 425, 429))) or (
        status is None and _OVERLOAD.search(text)
    ):
        return "temporary", "the provider failed"
    return None
