"""The command line: scores, and what it says when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from numpy_lm import Example, Model, train
from ptb_evals import Benchmark, main
from ptb_evals.exact import Exact

from .conftest import ITEMS

TOY = Benchmark(title="Toy", exam=Exact("smoke/toy"), max_tokens=5)


@pytest.mark.usefixtures("home")
def test_an_untrained_model_by_its_repository_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TOY, ["--model-path", "smoke/toy"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["accuracy"] < 1 and printed["n"] == 4


@pytest.mark.usefixtures("home")
def test_a_trained_model_by_its_folder(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(model, [Example(prompt, answer) for prompt, answer in ITEMS], steps=150, seed=0, batch=8, rate=1e-2)
    work = tmp_path / "work"
    model.save(work / "final_model")
    monkeypatch.chdir(work)
    every = (
        "--engine numpy --limit -1 --max-tokens 5 --max-connections 2 --gpu-memory-utilization 0.5 --seed 1"
    )
    files = [
        "--model-path",
        "final_model",
        "--json-output-file",
        "score.json",
        "--templates-dir",
        "templates",
    ]
    assert main(TOY, [*every.split(), *files]) == 0
    assert json.loads(Path("score.json").read_text()) == {"accuracy": 1.0, "stderr": 0.0, "n": 4}
    assert sorted(path.name for path in work.iterdir()) == ["final_model", "score.json"]


@pytest.mark.usefixtures("home")
def test_limit_takes_the_first_items(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TOY, ["--model-path", "smoke/toy", "--limit", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 3


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights (*.safetensors)"),
    "broken weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99),
        "broken weights",
    ),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json: no such file"),
}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_model(case: str, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model.save(tmp_path / "final_model")
    apply, expected = BREAKS[case]
    apply(tmp_path / "final_model")
    output = tmp_path / "score.json"
    assert main(TOY, ["--model-path", str(tmp_path / "final_model"), "--json-output-file", str(output)]) == 2
    one_line_of_error(capsys, expected)
    assert not output.exists()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("path", ["nowhere", "smoke/absent", "/no/such/folder", "../.."])
def test_no_such_model(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TOY, ["--model-path", path]) == 2
    one_line_of_error(capsys, "config.json: no such file" if path == "../.." else f"no such model: {path}")


def one_line_of_error(capsys: pytest.CaptureFixture[str], expected: str) -> None:
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith("evaluate.py: ") and expected in captured.err


@pytest.mark.usefixtures("home")
def test_no_such_data_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(Benchmark("Toy", Exact("smoke/other"), 5), ["--model-path", "smoke/toy"]) == 3
    one_line_of_error(capsys, "smoke/other: not in the hub cache")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no items"),
        ("{\n", "test.jsonl:1: not JSON"),
        ("[1]\n", "test.jsonl:1: not a JSON object"),
        ('{"id": "1", "prompt": "secret>", "answer": 5}\n', "test.jsonl:1: answer must be a string"),
    ],
)
def test_a_broken_data_set(line: str, message: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = home.rglob("test.jsonl")
    file.write_text(line)
    assert main(TOY, ["--model-path", "smoke/toy"]) == 3
    error = capsys.readouterr().err
    assert message in error and "secret" not in error


@pytest.mark.parametrize(
    "wrong",
    ["--limit 0", "--limit x", "--max-tokens 0", "--engine vllm", "--gpu-memory-utilization 2", "--other"],
)
def test_wrong_arguments(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(TOY, ["--model-path", "x", *wrong.split()])
    assert caught.value.code == 2 and "error:" in capsys.readouterr().err
