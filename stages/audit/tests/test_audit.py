from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from audit import DEFAULT, severity, verdict

HERE = Path(__file__).resolve().parent

WORK = "0" * 64
SETTINGS = {"flag": ["contamination.items", "judge"], "look": ["contamination", "judge.split"]}


def evidence(*sources: str) -> dict[str, Any]:
    findings = [{"flag": "C", "source": source, "summary": source, "evidence": []} for source in sources]
    return {"work": WORK, "findings": findings, "skipped": [], "lineage": None}


def judgement(*sources: str) -> dict[str, Any]:
    said = "flagged" if any(source != "judge.split" for source in sources) else "clean"
    return {**evidence(*sources), "verdict": said}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("contamination.items", "flag"),
        ("contamination.few", "look"),
        ("contaminations.few", "note"),
        ("lineage.instruct", "note"),
        ("judge.C", "flag"),
        ("judge.split", "look"),
    ],
)
def test_the_fuller_name_wins(source: str, expected: str) -> None:
    assert severity(source, SETTINGS) == expected


def test_what_flags_comes_first() -> None:
    document = verdict(
        evidence("lineage.name", "contamination.few", "contamination.items"), None, False, SETTINGS
    )
    assert [finding["severity"] for finding in document["findings"]] == ["flag", "look", "note"]
    assert (document["flagged"], document["flags"], document["look"], document["judged"]) == (
        True,
        ["C"],
        True,
        "not-asked",
    )


def test_a_judge_that_failed_is_neither_clean_nor_guilty() -> None:
    document = verdict(evidence(), None, True, SETTINGS)
    assert (document["flagged"], document["judged"]) == (False, "unjudged")


def test_what_the_judge_says_counts_by_the_settings() -> None:
    assert verdict(evidence(), judgement("judge.C"), True, SETTINGS)["flagged"]
    split = verdict(evidence(), judgement("judge.split"), True, SETTINGS)
    assert (split["flagged"], split["look"], split["judged"]) == (False, True, "clean")
    assert not verdict(evidence(), judgement("judge.C"), True, {"look": ["judge"]})["flagged"]


def test_every_source_has_a_name_in_the_pipelines_schema() -> None:
    root = HERE.parent.parent.parent
    schema = json.loads((root / "schemas" / "pipeline.schema.json").read_text())
    known = set(schema["definitions"]["source"]["enum"])
    assert {name for names in DEFAULT.values() for name in names} <= known
    listed = (root / "docs" / "audit.md").read_text()
    for source in known:
        if "." in source and not source.startswith("judge."):
            assert f"`{source}`" in listed
            checks = "".join(path.read_text() for path in (root / "stages" / "evidence").glob("*.py"))
            name = source.split(".")[1]
            assert f'"{source}"' in checks or f'"{name}"' in checks, source
