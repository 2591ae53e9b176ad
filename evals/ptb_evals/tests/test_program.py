"""Answers that are programs: what is taken for one, what passes, and all ways to pass without being right."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from ptb_evals.scorers import cage, program
from ptb_evals.scorers.answer import Reply
from ptb_evals.scorers.cage import cages, works

from .hostile_answers import BODY, CHEATS, PROBLEM, WHOLE, passes

LEVELS = {
    "limits": (),
    **{cage[0].rsplit("/", 1)[-1]: cage for cage in reversed(cages(())) if works(cage)},
}


def right(completion: str) -> bool:
    return program.judge(Reply(completion, "", PROBLEM)).right


@pytest.mark.parametrize(
    "completion",
    [
        BODY,
        BODY + "\n\ndef other():\n    pass\n",
        BODY + "\nThis function doubles.",
        "return [2 * value for value in values]",
        WHOLE,
        f"Sure:\n```python\n{WHOLE}```\nIt doubles.",
        f"```\n{WHOLE}",
        f"Here it is:\n{WHOLE}\n\nThis doubles each value.",
        f"```python\nimport os\n```\nand\n```python\n{WHOLE}```",
        f"<think>```python\nno\n```</think>```python\n{WHOLE}```",
        WHOLE.replace("return", "print('noise'); return"),
        "from collections import UserList\ndef double(values):\n    return list(map(helper, values))",
    ],
)
def test_right_programs(completion: str) -> None:
    assert right(completion)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", CHEATS)
def test_cheats(name: str, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage, "_first", lambda hidden: LEVELS[level])
    passed, because = passes(name)
    assert not passed and because


@pytest.mark.parametrize("level", LEVELS)
def test_a_right_program_passes_at_each_level(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage, "_first", lambda hidden: LEVELS[level])
    assert program.passes(PROBLEM["prompt"] + BODY, PROBLEM) == (True, "")


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
@pytest.mark.skipif(len(LEVELS) == 1, reason="neither bwrap nor unshare works here")
def test_a_cage_hides_folders_and_the_network(tmp_path: Path) -> None:
    (tmp_path / "solutions").write_text("2 * value")
    spy = (
        "import os, socket\n"
        "def double(values):\n"
        f"    seen = os.path.exists({str(tmp_path / 'solutions')!r})\n"
        "    return [seen, [name for _, name in socket.if_nameindex() if name != 'lo']]\n"
    )
    problem = {
        **PROBLEM,
        "test": "def check(candidate):\n    assert candidate([]) == [False, []]",
    }
    assert program.passes(spy, problem, hidden=[tmp_path]) == (True, "")
    assert (tmp_path / "solutions").is_file()


def landlock() -> bool:
    return sys.platform == "linux" and bool(ctypes.CDLL(None).syscall(444, None, 0, 1) > 0)


@pytest.mark.skipif(not landlock(), reason="the kernel has no Landlock")
def test_without_a_cage_files_are_neither_read_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cage, "_first", lambda hidden: ())
    tmp_path.chmod(0o777)
    file = tmp_path / "solutions"
    file.write_text("2 * value")
    file.chmod(0o666)
    spy = dedent(
        f"""\
        def double(values):
            said = []
            for path, mode in (({str(file)!r}, "r"), ({str(file)!r}, "a"), ({str(tmp_path / "new")!r}, "w")):
                try: said.append(open(path, mode).name)
                except OSError as error: said.append(type(error).__name__)
            return said
        """
    )
    test = 'def check(candidate):\n    assert candidate([]) == ["PermissionError"] * 3, candidate([])'
    assert program.passes(spy, {**PROBLEM, "test": test}) == (True, "")


def test_what_crosses_the_wire() -> None:
    echo = "def double(value):\n    return value"
    value = (
        "[1, -2.5, float('inf'), 'é', None, True, (1, (2,)), {1}, {'a': [1], 2: {}}, 2j, b'x', 10 ** 5000]"
    )
    test = (
        f"def check(candidate):\n    value = {value}\n    back = candidate(value)\n    assert back == value\n"
        "    assert [type(one) for one in back] == [type(one) for one in value]"
    )
    assert program.passes(echo, {**PROBLEM, "prompt": "def double(value):\n", "test": test}) == (True, "")
