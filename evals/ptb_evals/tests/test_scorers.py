"""The exact scorers: what counts as an answer, and what does not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ptb_evals.scorers import call, letter, numeric
from ptb_evals.scorers.answer import Call, Reply


@pytest.mark.parametrize(
    ("completion", "number"),
    [
        ("ANSWER: 11", 11),
        ("ANSWER: 711", 711),
        ("so it is 5\n\n**ANSWER:** 12.0", 12),
        ("Answer: $1,234.50", Fraction("1234.5")),
        ("ANSWER: -3", -3),
        ("ANSWER: \u22123", -3),
        ("ANSWER: 50%", 50),
        (r"ANSWER: $\boxed{\frac{7}{2}}$", Fraction(7, 2)),
        (r"ANSWER: \dfrac{-1}{4}", Fraction(-1, 4)),
        ("ANSWER: 7/2", Fraction(7, 2)),
        ("ANSWER: 1.5e3", 1500),
        ("ANSWER: 18 dollars", 18),
        ("ANSWER: 5 + 3 = 8", 8),
        ("ANSWER: .5", Fraction(1, 2)),
        ("ANSWER: 8.", 8),
        ("ANSWER: 1\nno:\nANSWER: 2", 2),
        (r"thus \boxed{3^{2}=9} and \boxed{42}", 42),
        ("<think>ANSWER: 1</think>ANSWER: 2", 2),
        ("It is 3 and then 4.", 4),
        ("The total is $70,000", 70000),
        # None: no number, or no single one.
        ("<think>ANSWER: 1", None),
        ("ANSWER:", None),
        ("ANSWER: twelve", None),
        ("ANSWER: 3 or 4", None),
        ("ANSWER: 10:30", None),
        ("ANSWER: 5x", None),
        ("ANSWER: x2", None),
        ("ANSWER: 1/0", None),
        ("ANSWER: 1,23", None),
        ("ANSWER: 1.2.3", None),
        ("ANSWER: ①", None),
        ("ANSWER: ٣", 3),
        (r"\boxed{x}", None),
        ("", None),
    ],
)
def test_number_of(completion: str, number: Fraction | int | None) -> None:
    assert numeric.number_of(completion) == number


@pytest.mark.parametrize(
    ("completion", "target", "right"),
    [
        ("ANSWER: 711", "11", False),
        ("ANSWER: 11", "711", False),
        ("ANSWER: 0.333333", "1/3", False),
        ("ANSWER: 0.1000001", "0.1", False),
        ("ANSWER: 9007199254740993", "9007199254740992", False),
        ("ANSWER: 1,000", "1000", True),
        ("ANSWER: 1000", "1,000", True),
        ("ANSWER: 070", "70", True),
        ("nothing", "0", False),
    ],
)
def test_numbers_are_compared_exactly(completion: str, target: str, right: bool) -> None:
    assert numeric.judge(Reply(completion, target)).right is right


def test_a_target_must_be_one_number() -> None:
    with pytest.raises(ValueError, match="unpack"):
        numeric.judge(Reply("ANSWER: 1", "1 or 2"))


@pytest.mark.parametrize(
    ("completion", "given"),
    [
        ("ANSWER: B", "B"),
        ("**ANSWER: B**", "B"),
        ("ANSWER: (C)", "C"),
        ("ANSWER: D) because", "D"),
        ("ANSWER: A. The cat", "A"),
        (r"$\boxed{A}$", "A"),
        (r"ANSWER: \boxed{\text{A}}", "A"),
        ("ANSWER: A\nbut no\nANSWER: B", "B"),
        ("ANSWER: A or B", None),
        ("ANSWER: A, B", None),
        ("ANSWER: $LETTER", None),
        ("ANSWER: All", None),
        ("ANSWER: b", None),
        ("B", None),
        ("<think>ANSWER: B", None),
    ],
)
def test_letter_of(completion: str, given: str | None) -> None:
    assert letter.letter_of(completion) == given


def test_choices_are_shuffled_by_the_seed_alone() -> None:
    first = letter.shuffled("r", ["x", "y", "z"], "42 rec1")
    assert first == letter.shuffled("r", ["x", "y", "z"], "42 rec1")
    places = [letter.shuffled("r", ["x", "y", "z"], f"42 rec{n}") for n in range(400)]
    assert all(choices["ABCD".index(right)] == "r" for choices, right in places)
    assert all(70 < sum(right == place for _, right in places) < 130 for place in "ABCD")


WANTED = {"function": "area", "arguments": {"a": 3, "b": 4.0, "deep": {"list": [1, True, None, "x"]}}}
RIGHT = '{"name": "area", "arguments": {"a": 3, "b": 4, "deep": {"list": [1, true, null, "x"]}}}'


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (f"<tool_call>\n{RIGHT}\n</tool_call>", True),
        (f"<think>which?</think><tool_call>{RIGHT}</tool_call>", True),
        (f"<tool_call>{RIGHT}", True),
        (f"<think><tool_call>{RIGHT}</tool_call>", False),
        (f"<tool_call>{RIGHT}</tool_call><tool_call>{RIGHT}</tool_call>", False),
        (f"<tool_call>{RIGHT}</tool_call><tool_call>{{}}</tool_call>", False),
        (RIGHT, False),
        (f"<tool_call>{RIGHT.replace('area', 'Area')}</tool_call>", False),
        (f"<tool_call>{RIGHT.replace(': 3', ': 3.5')}</tool_call>", False),
        (f"<tool_call>{RIGHT.replace(': 3', ': true')}</tool_call>", False),
        ("<tool_call>" + RIGHT.replace(": 3", ': "3"') + "</tool_call>", False),
        (f"<tool_call>{RIGHT.replace('true', '1')}</tool_call>", False),
        (f"<tool_call>{RIGHT.replace('null', '0')}</tool_call>", False),
        ("<tool_call>" + RIGHT.replace('"a"', '"c": 1, "a"') + "</tool_call>", False),
        ("<tool_call>[1]</tool_call>", False),
        ("<tool_call>not json</tool_call>", False),
        ("", False),
    ],
)
def test_calls(text: str, right: bool) -> None:
    assert call.judge(Reply(text, "", {"call": WANTED})).right is right


def test_calls_that_the_engine_read_come_first() -> None:
    arguments: dict[str, Any] = WANTED["arguments"]  # type: ignore[assignment]
    made = (Call("area", arguments),)
    assert call.judge(Reply("", "", {"call": WANTED}, made)).right
    assert not call.judge(Reply("", "", {"call": WANTED}, (Call("area", arguments, broken=True),))).right
