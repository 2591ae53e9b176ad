"""What `ptb pipeline run --profile cpu` left in the project $PTB_TEST_PROJECT, on one of its models: run by
test/evals.sh.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(os.environ["PTB_TEST_PROJECT"])
BENCHMARKS = ("gsm8k", "humaneval")


def rows() -> dict[str, dict[str, Any]]:
    table = json.loads((PROJECT / "table.json").read_text())
    return {row["name"]: row["benchmarks"] for row in table["rows"]}


def results(stage: str) -> list[Path]:
    return sorted((PROJECT / "runs" / "results" / stage).iterdir())


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_scores(benchmark: str) -> None:
    score = {name: found[benchmark]["score"] for name, found in rows().items()}
    assert score["cpu-idle"] == score["base"] < 0.1
    assert score["cpu-sft"] > score["base"] and score["instruct"] > score["base"]
    assert all(found[benchmark]["substituted"] == 0 for found in rows().values())


def test_the_base_model_is_also_shown_examples_where_the_benchmark_has_them() -> None:
    shown = [name for name in BENCHMARKS if rows()["fewshot"][name]["score"] is not None]
    assert shown == ["gsm8k"]


def test_final_models_are_checked() -> None:
    ends = [json.loads(next(folder.rglob("end.json")).read_text()) for folder in results("post-train")]
    assert [end["final_model"] for end in ends] == [{"state": "loads", "because": ""}] * 4


def test_the_family_has_its_chat_template_from_the_instruct_model() -> None:
    (folder,) = results("fetch")
    (template,) = folder.rglob("templates/*.jinja")
    assert template.name == "qwen3.jinja" and "<|im_start|>" in template.read_text()


def test_logs_of_inspect_are_kept() -> None:
    assert all(list(folder.rglob("*.eval")) for folder in (*results("evaluate"), *results("baseline")))
