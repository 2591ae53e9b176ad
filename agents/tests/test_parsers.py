"""The parsers on what the real command lines printed.

traces/*-stand-in-provider.jsonl were recorded from the command lines that containers/agents pins, through
solve.sh and record.py, while a local stand-in answered for the provider: two sessions, of two requests each;
a request has 150 input tokens, 40 of them cached, and 20 output tokens. What a test adds by hand says so.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AGENTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(AGENTS))

from ptb_trace import Event, Parser, Plain  # noqa: E402
from ptb_trace.load import parser_of  # noqa: E402
from ptb_trace.reader import records  # noqa: E402

NAMES = ("claude", "codex", "gemini", "opencode")
PRICES = {"input": 1.0, "cached": 0.1, "output": 10.0}


def recorded(name: str) -> list[dict[str, Any]]:
    found = list(records(AGENTS / "tests" / "traces" / f"{name}-stand-in-provider.jsonl"))
    return [record for record in found if isinstance(record, dict)]


def parse(name: str, *more: dict[str, Any]) -> tuple[Parser, list[Event]]:
    """`more`: events behind the recorded ones."""
    parser = parser_of(AGENTS / name)
    trace = [*recorded(name), *({"time": None, "event": event} for event in more)]
    events = [event for record in trace for event in parser.add(record)]
    return parser, [*events, *parser.end()]


@pytest.mark.parametrize("name", NAMES)
def test_usage_is_the_sum_over_all_sessions(name: str) -> None:
    usage = parse(name)[0].usage(PRICES)
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (600, 160, 80)
    assert (usage.sessions, usage.turns, usage.tool_calls) == (2, 4, 2)
    # Claude Code tells the cost itself; the prices are for those that do not.
    assert usage.cost_usd == pytest.approx(0.002598 if name == "claude" else (440 + 16 + 800) / 1e6)


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str) -> None:
    parser, events = parse(name)
    told = [
        (event.kind, event.session)
        for event in events
        if event.kind in ("message", "tool_call", "tool_result")
    ]
    assert told == [(kind, session) for session in (1, 2) for kind in ("tool_call", "tool_result", "message")]
    assert [event.text for event in events if event.kind == "message"] == ["All done."] * 2
    call = next(event for event in events if event.kind == "tool_call")
    assert "echo from the tool" in call.text and call.tool
    assert call.time is not None and call.time.startswith("2026-") and call.time.endswith("Z")
    result = next(event for event in events if event.kind == "tool_result")
    assert result.text.strip() == "from the tool"
    assert parser.agent["cli"] == name and parser.agent["version"]


def test_cost_is_unknown_without_prices() -> None:
    assert parse("codex")[0].usage().cost_usd is None
    assert parse("codex")[0].usage({"gpt-5.1-codex": PRICES}).cost_usd == pytest.approx(1256 / 1e6)
    assert parse("codex")[0].usage({"another": PRICES}).cost_usd is None
    assert Plain().usage().cost_usd is None


def test_a_cut_off_session_counts_by_its_answers() -> None:
    """Cut by hand: without the last result, an answer's output is known only from its beginning."""
    parser = parser_of(AGENTS / "claude")
    for record in recorded("claude")[:-1]:
        parser.add(record)
    usage = parser.usage(PRICES)
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (600, 160, 42)
    assert usage.cost_usd is not None and parser.usage().cost_usd is None


@pytest.mark.parametrize(
    ("name", "path", "line", "made"),
    [
        (
            "claude",
            ".claude/projects/-work-task/{session}.jsonl",
            {
                "message": {
                    "id": "m",
                    "usage": {"input_tokens": 610, "cache_read_input_tokens": 90, "output_tokens": 70},
                }
            },
            70,
        ),
        (
            "codex",
            ".codex/sessions/2026/11/21/rollout-x-{session}.jsonl",
            {
                "type": "token_usage_record",
                "payload": {
                    "thread_token_usage": {
                        "input_tokens": 700,
                        "cached_input_tokens": 90,
                        "output_tokens": 70,
                    }
                },
            },
            70,
        ),
        (
            "gemini",
            ".gemini/tmp/x/chats/session-x-{short}.jsonl",
            {"id": "m", "tokens": {"input": 700, "cached": 90, "output": 60, "thoughts": 10}},
            70,
        ),
    ],
)
def test_what_a_cut_off_agent_left_behind(
    tmp_path: Path, name: str, path: str, line: dict[str, Any], made: int
) -> None:
    """Its own files by hand, in the shape that the command line was seen to write; one line of them is
    broken.
    """
    parser = parser_of(AGENTS / name)
    ends = ("result", "turn.completed")
    whole = [one for one in recorded(name) if one.get("event", {}).get("type") not in ends]
    for record in whole:
        parser.add(record)
    key = "thread_id" if name == "codex" else "session_id"
    session = next(one["event"][key] for one in whole if key in one.get("event", {}))
    file = tmp_path / path.format(session=session, short=session[:8])
    file.parent.mkdir(parents=True)
    file.write_text('{"usage" "tokens" "token_usage_record"\n' + json.dumps(line) + "\n")
    for event in parser.left_behind(tmp_path):
        parser.add({"time": None, "event": event})
    usage = parser.usage()
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (700, 90, made)


# The last lines of recorded sessions that a stand-in refused with this status, shortened.
REFUSED: dict[str, dict[str, Any]] = {
    "claude": {
        "type": "result",
        "is_error": True,
        "modelUsage": {},
        "api_error_status": 529,
        "result": "API Error: 529 Overloaded.",
    },
    "codex": {
        "type": "turn.failed",
        "error": {
            "message": "unexpected status 529 <unknown status code>: Overloaded, url: http://127.0.0.1/v1/responses"
        },
    },
    "gemini": {
        "type": "result",
        "status": "error",
        "error": {"message": '[API Error: {"type":"error","error":{"message":"Overloaded","code":529}}]'},
        "stats": {},
    },
    "opencode": {
        "type": "error",
        "error": {"name": "APIError", "data": {"message": "Overloaded", "statusCode": 529}},
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_an_agent_that_its_provider_refused(name: str) -> None:
    parser = parse(name, REFUSED[name])[0]
    failure = parser.failure("the-limit")
    assert failure is not None
    assert failure["class"] == "temporary" and failure["limit"] == "the-limit"
    assert "Overloaded" in failure["because"]


@pytest.mark.parametrize("name", NAMES)
def test_an_agent_that_went_on_was_not_prevented(name: str) -> None:
    again = [record["event"] for record in recorded(name) if "event" in record]
    assert parse(name, REFUSED[name], *again)[0].failure() is None
    assert parse(name)[0].failure() is None


@pytest.mark.parametrize(
    ("message", "kind", "after"),
    [
        ("unexpected status 401 Unauthorized: invalid x-api-key", "not-ready", None),
        ("Your login session has expired. Please log in again.", "not-ready", None),
        ("Quota exceeded. Check your plan and billing details.", "not-ready", None),
        ("Credit balance is too low", "not-ready", None),
        ("You've hit your usage limit. Try again in 45 minutes.", "temporary", 2700),
        ("exceeded retry limit, last status: 429 Too Many Requests, retry in 7.5s", "temporary", 8),
        ("TypeError: fetch failed", "temporary", None),
        ("stream disconnected before completion", "temporary", None),
        ("The model ran out of context window", None, None),
        ("Invalid prompt: your prompt was flagged", None, None),
        ("Reached maximum number of turns (429000)", None, None),
    ],
)
def test_classes(message: str, kind: str | None, after: int | None) -> None:
    parser = Plain()
    parser.ended_with(message)
    failure = parser.failure()
    assert (failure and failure["class"]) == kind
    assert (failure or {}).get("retry-after") == after


def test_plain_agents() -> None:
    parser = Plain()
    events = [
        event
        for text in ('{"type": "tool_call", "text": "ls", "tool": "shell"}',)
        for event in parser.add({"time": None, "event": json.loads(text)})
    ]
    events += parser.add(
        {"time": "2026-01-31T12:00:00.000Z", "text": "\x1b[1mbold\x1b[0m\x07 a\rb \x1b]0;title\x07c"}
    )
    assert [(event.kind, event.text, event.tool) for event in events] == [
        ("tool_call", "ls", "shell"),
        ("note", "bold a\nb c", None),
    ]


BROKEN: list[Any] = [
    None,
    3,
    [],
    "x",
    {},
    {"time": 3, "event": 4},
    {"time": None, "event": {"type": "ptb.tokens"}},
]
SHAPES: list[Any] = [
    {},
    [],
    None,
    3,
    "x",
    {"content": [3]},
    {"content": [{"type": "tool_use"}]},
    {"usage": {"input_tokens": "x"}},
]
TYPES = ("assistant", "user", "result", "system", "turn.completed", "turn.failed", "item.started",
"item.completed", "thread.started",
         "error", "text", "tool_use", "tool_result", "step_finish", "reasoning", "message", "init",
         "ptb.session", "ptb.x")  # fmt: skip
PLACES = (
    "message",
    "usage",
    "item",
    "part",
    "error",
    "stats",
    "modelUsage",
    "content",
    "parameters",
    "thread_id",
    "session_id",
)


@pytest.mark.parametrize("name", [*NAMES, "smoke-sft"])
def test_any_shape_is_read(name: str) -> None:
    parser = parser_of(AGENTS / name)
    for record in BROKEN:
        parser.add(record)
    for kind in TYPES:
        for place in PLACES:
            for shape in SHAPES:
                for event in parser.add(
                    {"time": None, "event": {"type": kind, place: shape, "is_error": place == "usage"}}
                ):
                    json.loads(event.line())
    list(parser.left_behind(AGENTS))
    parser.usage(PRICES)
    parser.failure("x")


def test_broken_lines(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(
        b'{"time": null, "text": "a"}\n\n\xff\xfe{"half": \n'
        + b"[" * 100_000
        + b'\n{"time": null, "text": "b"}'
    )
    events = [event for record in records(file) for event in Plain().add(record)]
    assert events[0].text == "a" and events[-1].text == "b" and len(events) == 4
    assert list(records(tmp_path / "none")) == []


def test_a_trace_of_100_mb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    trace, out = tmp_path / "trace.jsonl", tmp_path / "out"
    out.mkdir()
    event = {
        "type": "item.completed",
        "item": {"type": "command_execution", "aggregated_output": "x" * 2_000_000},
    }
    line = json.dumps({"time": None, "event": event}) + "\n"
    with trace.open("w") as file:
        for _ in range(50):
            file.write(line)
    program = AGENTS.parent / "stages" / "trace" / "read_trace.py"
    command = [
        sys.executable,
        "-I",
        str(program),
        "--agent",
        str(AGENTS / "codex"),
        "--trace",
        str(trace),
        "--out",
        str(out),
    ]
    limit = 256 * 1024 * 1024
    subprocess.run(
        command, check=True, env={}, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    )
    assert len((out / "transcript.jsonl").read_text().splitlines()) == 50
    assert json.loads((out / "usage.json").read_text())["sessions"] == 1
