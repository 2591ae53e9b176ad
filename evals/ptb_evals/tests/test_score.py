"""Exact match and its statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptb_evals.exact import exact_match
from ptb_evals.score import Score, score, write


@pytest.mark.parametrize(
    ("generated", "answer", "right"),
    [
        ("46", "46", True),
        ("46\n12", "46", True),
        ("", "46", False),
        ("4", "46", False),
        ("461", "46", False),
        (" 46", "46", False),
        ("46 ", "46", False),
        ("\n46", "46", False),
    ],
)
def test_exact_match(generated: str, answer: str, right: bool) -> None:
    assert exact_match(generated, answer) is right


def test_score() -> None:
    assert score([True, False, True, True]) == Score(0.75, 0.25, 4)
    assert score([True]) == Score(1.0, 0.0, 1)
    assert score([False] * 200) == Score(0.0, 0.0, 200)
    with pytest.raises(ValueError, match="at least one item"):
        score([])


def test_write_replaces_and_leaves_nothing_aside(tmp_path: Path) -> None:
    file = tmp_path / "score.json"
    file.write_text("old")
    write(Score(0.5, 0.1, 20), file)
    assert json.loads(file.read_text()) == {"accuracy": 0.5, "stderr": 0.1, "n": 20}
    assert list(tmp_path.iterdir()) == [file]
