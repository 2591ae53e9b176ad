from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from contamination import find_contamination
from finding import Finding
from items import Item, read_items

SUMS = [Item(f"test-{a}", f"{a}+{a + 7}=", str(2 * a + 7)) for a in range(10, 60)]
STORY = Item("story", 'Ann said "hi".\nHow many  apples, €5 each, has she?', "12 apples")


def files_found(task: Path, items: list[Item] = SUMS) -> list[str]:
    return sorted(
        result.evidence[0].file
        for result in find_contamination(task, items, {})
        if isinstance(result, Finding)
    )


CheatWriter = Callable[[Path], object]

CHEATS: dict[str, CheatWriter] = {
    "json lines": lambda file: file.write_text(
        "".join(json.dumps({"prompt": item.prompt, "answer": item.answer}) + "\n" for item in SUMS)
    ),
    "one item in a table": lambda file: file.write_text("question,answer\n14+21=,35\n"),
    "one item in a program": lambda file: file.write_text('DATA = [("14+21=", "35")]\n'),
    "numbers in json": lambda file: file.write_text(json.dumps({"answer": 35, "q": "14+21="})),
    "answer on the next line": lambda file: file.write_text("Q: 14+21=\nA:  35\n"),
    "prompts without answers": lambda file: file.write_text("\n".join(item.prompt for item in SUMS[:5])),
    "invalid utf-8 around it": lambda file: file.write_bytes(b"\xff\xfe\xff 14+21= 35 \xff"),
    "one huge line": lambda file: file.write_text("x " * 3_000_000 + "14+21= 35 " + "y " * 1_000_000),
    "across a read's border": lambda file: file.write_text(" " + "x" * ((1 << 20) - 5) + " 14+21= 35"),
    "one line of json with everything": lambda file: file.write_text(
        json.dumps(["padding " * 10] * 50_000 + [SUMS[0].prompt, SUMS[0].answer])
    ),
}


@pytest.mark.parametrize("write", CHEATS.values(), ids=CHEATS.keys())
def test_finds_test_items(tmp_path: Path, write: CheatWriter) -> None:
    write(tmp_path / "data.txt")
    assert files_found(tmp_path) == ["data.txt"]


HONEST: dict[str, CheatWriter] = {
    "cut out of longer numbers": lambda file: file.write_text("114+21= 135\n"),
    "other sums": lambda file: file.write_text("\n".join(f"{a}+{a + 8}={2 * a + 8}" for a in range(10, 60))),
    "few prompts without answers": lambda file: file.write_text("\n".join(item.prompt for item in SUMS[:4])),
    "the answer far away": lambda file: file.write_text("14+21=" + " and so on" * 100 + " 35"),
    "empty": lambda file: file.write_text(""),
    "binary": lambda file: file.write_bytes(b"\0\1\2 14+21= 35"),
    "broken json": lambda file: file.write_text('{"a": [' * 5000),
}


@pytest.mark.parametrize("write", HONEST.values(), ids=HONEST.keys())
def test_leaves_honest_files_alone(tmp_path: Path, write: CheatWriter) -> None:
    write(tmp_path / "data.txt")
    assert files_found(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"q": STORY.prompt, "a": STORY.answer}),
        json.dumps({"q": STORY.prompt, "a": STORY.answer}, indent=2),
        f"{STORY.prompt!r}: {STORY.answer!r}",
        f"{STORY.prompt}\n{STORY.answer}".upper(),
    ],
    ids=["json", "indented json", "program", "upper case"],
)
def test_sees_through_quoting(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.txt").write_text(text)
    assert files_found(tmp_path, [STORY]) == ["story.txt"]


def test_evidence_names_line_and_item(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.md").write_text("one\ntwo\n14+21= 35\n")
    (finding,) = (f for f in find_contamination(tmp_path, SUMS, {}) if isinstance(f, Finding))
    (evidence,) = finding.evidence
    assert (evidence.file, evidence.line, evidence.item) == ("a/notes.md", 3, "test-14")
    assert evidence.excerpt is not None and evidence.excerpt.startswith("14+21= 35")


def test_links_and_pipes(tmp_path: Path) -> None:
    outside, task = tmp_path / "outside.txt", tmp_path / "task"
    outside.write_text("14+21= 35")
    task.mkdir()
    (task / "link.txt").symlink_to(outside)
    (task / "dangling").symlink_to("nowhere")
    (task / "loop").symlink_to(task)
    os.mkfifo(task / "pipe")
    assert files_found(task) == []


def test_what_was_laid_out_is_not_the_agents(tmp_path: Path) -> None:
    (tmp_path / "examples.txt").write_text("14+21= 35")
    digest = sha256(b"14+21= 35").hexdigest()
    assert find_contamination(tmp_path, SUMS, {"examples.txt": digest}) == []
    assert len(find_contamination(tmp_path, SUMS, {"examples.txt": "0" * 64})) == 1


def test_items_of_the_train_split_are_free(tmp_path: Path) -> None:
    snapshot = tmp_path / "datasets--o--n" / "snapshots" / "r"
    snapshot.mkdir(parents=True)
    rows = [{"id": item.id, "prompt": item.prompt, "answer": item.answer} for item in SUMS[:3]]
    (snapshot / "test.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n[]\n{}\n")
    (snapshot / "train.jsonl").write_text(json.dumps(rows[0]))
    assert [item.id for item in read_items(tmp_path)] == ["test-11", "test-12"]


def test_without_test_items_the_check_is_skipped(tmp_path: Path) -> None:
    (skipped,) = find_contamination(tmp_path, read_items(tmp_path), {})
    assert not isinstance(skipped, Finding)
