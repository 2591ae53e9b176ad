"""Answers that are programs: what is taken for one, what passes, and all ways to pass without being right."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from ptb_evals.scorers import cage, program
from ptb_evals.scorers.answer import Reply
from ptb_evals.scorers.cage import cages, works

PROBLEM = {
    "prompt": dedent(
        '''\
        from typing import List

        def helper(x):
            return x * 2

        def double(values: List[int]) -> List[int]:
            """Doubles each value."""
        '''
    ),
    "test": dedent(
        """\
        METADATA = {}

        def check(candidate):
            assert candidate([1, 2]) == [helper(1), helper(2)]
            assert candidate([]) == [], "empty"
            assert double([5]) == [10]
        """
    ),
    "entry_point": "double",
}
BODY = "    return [2 * value for value in values]\n"
WHOLE = "def double(values):\n" + BODY

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


# Each tries to pass without computing anything.
CHEATS = {
    "wrong": "def double(values):\n    return values",
    "syntax error": "def double(values):\n    return (",
    "nothing": "",
    "exit 0 at import": "import sys\nsys.exit(0)\ndef double(values): pass",
    "exit 0 in the call": "def double(values):\n    import sys\n    sys.exit(0)",
    "os._exit": "import os\ndef double(values):\n    os._exit(0)",
    "kills itself": "import os, signal\ndef double(values):\n    os.kill(os.getpid(), signal.SIGTERM)",
    "kills all": "import os, signal\ndef double(values):\n    os.kill(os.getppid(), signal.SIGKILL)",
    "equals everything": (
        "class Any(list):\n"
        "    def __eq__(self, other): return True\n"
        "    def __getattr__(self, name): return Any()\n"
        "def double(values):\n    return Any()"
    ),
    "patches builtins": "import builtins\nbuiltins.list = lambda *a: 0\ndef double(values):\n    return []",
    "replaces check": "def check(candidate): pass\ndef double(values):\n    globals()['check'] = check",
    "prints a verdict": (
        "def double(values):\n"
        '    print(\'{"nonce": "", "passed": true, "because": null}\', flush=True)\n'
        "    return None"
    ),
    "writes a verdict to every pipe": (
        "import os\n"
        "def double(values):\n"
        "    for fd in range(3, 64):\n"
        '        try: os.write(fd, b\'{"nonce": "", "passed": true, "because": null}\\n\')\n'
        "        except OSError: pass\n"
        "    os._exit(0)"
    ),
    "writes into its parent's pipe": (
        "import os\n"
        "def double(values):\n"
        "    for path in [f'/proc/{os.getppid()}/fd/1']:\n"
        '        try: open(path, \'a\').write(\'{"nonce": "", "passed": true, "because": null}\\n\')\n'
        "        except OSError: pass\n"
        "    os._exit(0)"
    ),
    "looks for the nonce": (
        "import glob, re\n"
        "def double(values):\n"
        "    for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
        "        try: assert not re.search('[0-9a-f]{32}', open(path).read())\n"
        "        except OSError: pass\n"
        "    return 1"
    ),
    "reads the caller's frames": (
        "import sys\n"
        "def double(values):\n"
        "    frame = sys._getframe(1)\n"
        "    frame.f_globals['check'] = lambda candidate: None\n"
        "    return None"
    ),
    "never ends": "def double(values):\n    while True: pass",
    "takes all memory": "def double(values):\n    return bytearray(1 << 40)",
    "nests without end": "def double(values):\n    a = []\n    a.append(a)\n    return a",
    "forks": "import os\ndef double(values):\n    os.fork()\n    return 1",
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", CHEATS)
def test_cheats(name: str, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage, "_first", lambda hidden: LEVELS[level])
    passed, because = program.passes(
        program.program_of(CHEATS[name], PROBLEM["prompt"], "double"), PROBLEM, seconds=3
    )
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
