"""The skills and data sets of the profile `gpu`, and a pair of models in miniature."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from numpy_lm.hub import snapshot
from small_lm import data, make
from small_lm.skills import SKILLS, TOOLS


@pytest.mark.parametrize("name", SKILLS)
def test_no_item_is_on_both_sides_of_the_line(name: str) -> None:
    tested = {item.question for item in islice(SKILLS[name](Random(1), tested=True), 300)}
    trained = {item.question for item in islice(SKILLS[name](Random(2), tested=False), 5000)}
    assert len(tested) == 300 and not tested & trained


def test_a_data_set_reads_as_it_was_made(tmp_path: Path) -> None:
    assert data.main("calls", ["--hub", str(tmp_path), "--repo", "gpu/calls"]) == 0
    items = data.read(snapshot("gpu/calls", "datasets", tmp_path), "test")
    assert len(items) == data.SIZES["test"] and all(len(item.tools) == 3 and item.call for item in items)
    made = islice(SKILLS["calls"](Random("calls test"), tested=True), len(items))
    assert items == list(made)


def test_functions_look_in_training_as_in_the_evaluation() -> None:
    tool = pytest.importorskip("inspect_ai.tool")
    for spec in TOOLS.values():
        assert tool.ToolInfo(**spec).model_dump_json(exclude_none=True) == json.dumps(
            spec, separators=(",", ":")
        )


def test_a_pair_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    sizes = {"hidden": 32, "inner": 64, "layers": 2, "heads": 2, "kv_heads": 1}
    short = {"rows": 8, "batch": 4, "steps": 2, "items": 8, "instruct_steps": 1, "instruct_batch": 2}
    options = json.dumps({"family": "smollm3", **sizes, **short})
    arguments = ["--hub", str(tmp_path), "--base", "a/base", "--instruct", "a/b", "--options", options]
    assert make.main(arguments) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["repo"] for line in said] == ["a/base", "a/b"] and said[0]["loss"] < 10
    assert (
        json.loads((snapshot("a/b", "models", tmp_path) / "config.json").read_text())["dtype"] == "bfloat16"
    )
