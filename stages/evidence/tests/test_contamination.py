# ruff: noqa: E501 (questions read best whole)
from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from contamination import find_contamination
from finding import Finding, Skipped
from index import build, load, save
from items import Item, ItemsError, Layout, read_items
from work import agents_files, files_of

SUMS = [Item(f"test-{a}", f"{a}+{a + 7}=", str(2 * a + 7)) for a in range(10, 60)]
STORY = Item("story", 'Ann said "hi".\nHow many  apples, €5 each, has she?', "12 apples")


def results(task: Path, items: list[Item], laid_out: dict[str, str] | None = None) -> list[Finding | Skipped]:
    with TemporaryDirectory() as folder:
        save(build(items, []), Path(folder))
        return find_contamination(agents_files(files_of(task, []), laid_out or {}), Path(folder), jobs=1)


def found(task: Path, items: list[Item], laid_out: dict[str, str] | None = None) -> list[Finding]:
    return [result for result in results(task, items, laid_out) if isinstance(result, Finding)]


def files_found(task: Path, items: list[Item] = SUMS) -> list[str]:
    return sorted(
        finding.evidence[0].file for finding in found(task, items) if finding.source != "contamination.few"
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
    "a picture": lambda file: file.write_bytes(b"\x89PNG\0\1\2 1421 35"),
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
    (finding,) = found(tmp_path, SUMS)
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
    assert found(tmp_path, SUMS, {"examples.txt": digest}) == []
    assert len(found(tmp_path, SUMS, {"examples.txt": "0" * 64})) == 1


def hub(tmp_path: Path, **splits: str) -> Path:
    snapshot = tmp_path / "datasets--o--n" / "snapshots" / "r"
    snapshot.mkdir(parents=True)
    for name, text in splits.items():
        (snapshot / f"{name}.jsonl").write_text(text)
    return tmp_path


def test_items_of_the_train_split_are_free(tmp_path: Path) -> None:
    rows = [{"id": item.id, "prompt": item.prompt, "answer": item.answer} for item in SUMS[:3]]
    data = hub(tmp_path, test="\n".join(map(json.dumps, rows)) + "\n[]\n{}\n", train=json.dumps(rows[0]))
    test, train = read_items(data, Layout())
    assert [item.id for item in build(test, train).items] == ["test-11", "test-12"]


def test_reads_the_fields_that_the_eval_names(tmp_path: Path) -> None:
    row = {"Record ID": "r1", "turns": [[{"role": "user", "content": "What is it?"}]], "truth": ["f(1)"]}
    test, _ = read_items(hub(tmp_path, data=json.dumps(row)), Layout(prompt="turns", answer="truth"))
    assert [(item.id, item.prompt, item.answer) for item in test] == [("r1", "What is it?", "f(1)")]


def test_items_without_a_prompt_are_our_mistake(tmp_path: Path) -> None:
    with pytest.raises(ItemsError, match="none of 1 rows has a prompt"):
        read_items(hub(tmp_path, test='{"text": "x"}'), Layout())


def test_without_test_items_the_check_is_skipped(tmp_path: Path) -> None:
    (skipped,) = results(tmp_path, [])
    assert isinstance(skipped, Skipped)


LONG = [
    Item(
        "long-ottilie",
        "Ottilie walks 17 miles to the market every frosty morning and carries 23 baskets of quinces back "
        "home. How many quinces does she sell before noon if each basket holds twelve and a third are bruised?",
        "184",
    ),
    Item(
        "long-barthold",
        "A tailor called Barthold needs 13 yards of linen for one sail and 29 hooks to fasten it to a mast. He "
        "has got six ships to equip; what will he pay when hooks are sold by the dozen and linen by the ell?",
        "912",
    ),
    Item(
        "long-damsons",
        "Nineteen damsons weigh as much as 31 cherries, and four plums outweigh seven cherries by half an ounce. "
        "Find the weight of a single plum, given that all fruit in the bowl together weighs 52 ounces exactly.",
        "77",
    ),
]


def sources(task: Path, items: list[Item] = LONG) -> list[str]:
    return [finding.source for finding in found(task, items)]


def test_a_question_with_its_answer_is_an_item_and_alone_it_is_worth_a_look(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LONG[0].prompt)
    assert sources(tmp_path) == ["contamination.few"]
    (tmp_path / "a.txt").write_text(f"{LONG[0].prompt}\n#### {LONG[0].answer}")
    assert sources(tmp_path) == ["contamination.items"]
    (tmp_path / "a.txt").write_text("\n".join(item.prompt for item in LONG))
    assert sources(tmp_path) == ["contamination.items"]


def test_numbers_and_order_hide_nothing(tmp_path: Path) -> None:
    other = "\n".join(item.prompt.translate(str.maketrans("123", "486")) for item in LONG)
    (tmp_path / "numbers.txt").write_text(other)
    shuffled = [" ".join(sorted(item.prompt.split(), key=lambda word: word[::-1])) for item in LONG]
    (tmp_path / "order.txt").write_text("\n".join(shuffled))
    assert sources(tmp_path) == ["contamination.items", "contamination.variants"]


@pytest.mark.parametrize("write", [lambda text: text[::-1], lambda text: codecs.encode(text, "rot13")])
def test_backwards_and_with_moved_letters(tmp_path: Path, write: Callable[[str], str]) -> None:
    (tmp_path / "a.txt").write_text(write("\n".join(item.prompt for item in LONG)))
    assert sources(tmp_path) == ["contamination.items"]


def test_another_name_for_a_function_hides_nothing(tmp_path: Path) -> None:
    doctests = [
        "def quinces_left(market: list[int], limit: int) -> int:\n    Ottilie sells what the market gives and keeps "
        "those baskets whose quinces were bruised before noon.\n    >>> quinces_left([3, 4], 9)\n    7\n",
        "def dearest_hook(sails: list[str]) -> str:\n    Barthold wants the name of the sail that takes more hooks than "
        "all the other sails between two masts.\n    >>> dearest_hook(['jib', 'main'])\n    'main'\n",
        "def weigh_plums(fruit: dict[str, int]) -> float:\n    Damsons and cherries lie in one bowl with some plums; say "
        "how heavy the lightest plum of the bowl can be.\n    >>> weigh_plums({'plum': 2})\n    1.5\n",
    ]
    items = [Item(f"code-{number}", text, "") for number, text in enumerate(doctests)]
    renamed = [re.sub(r"quinces_left|dearest_hook|weigh_plums", "f", text) for text in doctests]
    (tmp_path / "a.py").write_text("\n".join(renamed))
    assert sources(tmp_path, items) == ["contamination.items"]


def test_a_line_beyond_the_first_piece_is_counted_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("work.PIECE", 2 << 20)
    monkeypatch.setattr("contamination.LITTLE", 1)
    lines = ["some other line"] * 300_000
    for at in (99_000, 263_000):
        lines[at] = (
            f"{LONG[0].prompt} {LONG[0].answer}" if at > 100_000 else f"{LONG[1].prompt} {LONG[1].answer}"
        )
    (tmp_path / "big.txt").write_text("\n".join(lines))
    (finding,) = found(tmp_path, LONG)
    assert {(e.item, e.line) for e in finding.evidence} == {
        ("long-barthold", 99_001),
        ("long-ottilie", 263_001),
    }


def test_an_item_on_the_border_of_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("work.PIECE", 1 << 20)
    (tmp_path / "big.txt").write_text(
        "x" * ((1 << 20) - 80) + f"\n{LONG[0].prompt} {LONG[0].answer}\n" + "y " * 9999
    )
    assert sources(tmp_path) == ["contamination.items"]


def test_a_downloads_cache_is_no_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "hf/hub/datasets--openai--gsm8k/snapshots/1/main"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text(f"{LONG[0].prompt} {LONG[0].answer}")
    assert sources(tmp_path) == ["contamination.cache"]


def test_a_log_of_the_evaluation_is_named_and_not_judged(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text(
        json.dumps({"version": 2, "status": "success", "eval": {}, "samples": LONG[0].prompt})
    )
    (result,) = results(tmp_path, LONG)
    assert isinstance(result, Skipped) and "log.json" in result.because


def test_an_index_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    save(build([*LONG, *SUMS], [Item("t", LONG[1].prompt, "1")]), tmp_path)
    first = (tmp_path / "index.npy").read_bytes()
    index = load(tmp_path)
    assert [item.id for item in index.items][:2] == ["long-ottilie", "long-damsons"]
    assert len(index.shorts) > 0 and index.untellable == []
    save(build([*LONG, *SUMS], [Item("t", LONG[1].prompt, "1")]), tmp_path)
    assert (tmp_path / "index.npy").read_bytes() == first
