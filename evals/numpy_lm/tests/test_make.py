"""Making models and data: deterministic, the right size, and never from the test side of the line."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from numpy_lm import load, make
from numpy_lm.corpus import corpus
from numpy_lm.hub import snapshot
from numpy_lm.tasks import held_out, pairs, words
from numpy_lm.tokenizer import CHARACTERS


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for size, recipe in make.RECIPES.items():
        monkeypatch.setitem(make.RECIPES, size, replace(recipe, base_steps=3, instruct_steps=3))


def run(hub: Path, options: str) -> dict[str, bytes]:
    assert (
        make.main(["--hub", str(hub), "--base", "t/m-base", "--instruct", "t/m", "--options", options]) == 0
    )
    return {str(path.relative_to(hub)): path.read_bytes() for path in hub.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("short")
def test_the_same_bytes_twice(tmp_path: Path) -> None:
    first = run(tmp_path / "1", '{"params": "50k", "seed": 7}')
    assert first == run(tmp_path / "2", '{"params": "50k", "seed": 7}')
    assert first != run(tmp_path / "3", '{"params": "50k", "seed": 8}')
    assert [path.name for path in sorted((tmp_path / "1").iterdir())] == ["models--t--m", "models--t--m-base"]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("size", "low", "high"), [("50k", 45_000, 55_000), ("200k", 190_000, 210_000)])
def test_sizes_and_two_different_models(size: str, low: int, high: int, tmp_path: Path) -> None:
    run(tmp_path, f'{{"params": "{size}"}}')
    base, instruct = (load(snapshot(repo, "models", tmp_path)) for repo in ("t/m-base", "t/m"))
    assert low <= base.size() <= high and instruct.config == base.config
    assert any((base.params[name] != instruct.params[name]).any() for name in base.params)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{", "not JSON"),
        ("[]", "an object with the fields"),
        ('{"parms": "50k"}', "an object with the fields"),
        ('{"params": "7b"}', "params must be one of 50k, 200k, not '7b'"),
        ('{"params": ["50k"]}', "params must be one of"),
        ('{"seed": -1}', "seed must be a whole number"),
    ],
)
def test_bad_options(options: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(tmp_path, options)
    assert caught.value.code == 2 and message in capsys.readouterr().err


def test_no_text_of_the_corpus_crosses_the_line() -> None:
    for example in corpus(0, 4000):
        assert set(example.answer) <= set(CHARACTERS)
        if match := re.match(r"(\d+)(?: and |\+)(\d+)(?: make |=)(\d+)", example.answer):
            a, b, total = map(int, match.groups())
            assert a + b == total and not held_out(a, b)
        if ">" in example.answer:
            assert not held_out(*example.answer.split(">")[0])


def test_the_line_ignores_order() -> None:
    tested, trained = set(pairs(Random(0), tested=True)), set(pairs(Random(0), tested=False))
    assert len(tested) + len(trained) == 10_000 and tested.isdisjoint(trained)
    assert all((b, a) in tested for a, b in tested)
    for_test = {"".join(sorted(word)) for word in islice(words(Random(0), tested=True), 300)}
    for_training = {"".join(sorted(word)) for word in islice(words(Random(0), tested=False), 3000)}
    assert for_test.isdisjoint(for_training)
