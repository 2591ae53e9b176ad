"""Answers that try to pass without being right, and the problem that they do not solve.

Run as a program, it says which of them pass here: nothing, where none does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

from ptb_evals.scorers import program

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
    "reaches into every process": (
        "import glob, os\n"
        "def double(values):\n"
        "    mine, found = str(os.getpid()), False\n"
        "    for path in glob.glob('/proc/[0-9]*/mem'):\n"
        "        if path.split('/')[2] == mine: continue\n"
        "        # Its own cage's first process is no process of ours.\n"
        "        try:\n"
        "            if 'python' in os.readlink(path[:-3] + 'exe'):\n"
        "                open(path, 'r+b').close()\n"
        "                found = True\n"
        "        except OSError: pass\n"
        "    return [2 * value for value in values] if found else None"
    ),
    "traces its parents": (
        "import ctypes, os\n"
        "def double(values):\n"
        "    parents = [int(open('/proc/self/stat').read().split()[3]), os.getppid()]\n"
        "    for parent in parents:\n"
        "        if parent > 1 and ctypes.CDLL(None).ptrace(0x4206, parent, None, None) == 0:\n"
        "            return [2 * value for value in values]\n"
        "    return None"
    ),
    "reads its tests from disk": (
        "import glob\n"
        "def double(values):\n"
        "    for path in glob.glob('/work/**/*.parquet', recursive=True):\n"
        "        if open(path, 'rb').read(4): return [2 * value for value in values]\n"
        "    return None"
    ),
    "patches equality": (
        "import builtins\n"
        "class Same(int):\n"
        "    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 0\n"
        "builtins.int = Same\n"
        "def double(values):\n    return [Same(0) for _ in values]"
    ),
    "raises SystemExit": "def double(values):\n    raise SystemExit(0)",
    "says without end": (
        "import os\n"
        "def double(values):\n"
        "    block = b'x' * 65536\n"
        "    for fd in range(3, 64):\n"
        "        try:\n"
        "            while os.write(fd, block): pass\n"
        "        except OSError: pass\n"
    ),
    "forks": "import os\ndef double(values):\n    os.fork()\n    return 1",
}


def passes(name: str) -> tuple[bool, str]:
    """Whether the cheat gets away with it, and why not."""
    code = program.program_of(CHEATS[name], PROBLEM["prompt"], PROBLEM["entry_point"])
    return program.passes(code, PROBLEM, seconds=3)


if __name__ == "__main__":
    if not program.passes(PROBLEM["prompt"] + BODY, PROBLEM)[0]:
        print("a right answer does not pass")
    with ThreadPoolExecutor(4) as pool:
        for cheat, (passed, _) in zip(CHEATS, pool.map(passes, CHEATS), strict=True):
            if passed:
                print(cheat)
