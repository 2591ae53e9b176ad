"""Types into a shell on a terminal of its own and prints what its line then holds, for each KEYS.

`python3 press_keys.py bash|zsh|fish SETUP KEYS...`: SETUP is a line that the shell runs first; KEYS may hold
tabs.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

# Ctrl-X Ctrl-P writes the line into a file, Ctrl-U empties it.
SHOW, CLEAR = "\x18\x10", "\x15"
BIND = {
    "bash": """bind -x '"\\C-x\\C-p": printf %s "$READLINE_LINE" >{file}.part; mv {file}.part {file}'""",
    "zsh": """show() {{ print -rn -- "$BUFFER" >{file}.part; mv {file}.part {file} }}
        zle -N show; bindkey '^X^P' show""",
    "fish": """bind \\cx\\cp 'commandline >{file}.part; mv {file}.part {file}'""",
}
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SECONDS = 20


def main(shell: str, setup: str, *lines: str) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        ready, shown = Path(temporary) / "ready", Path(temporary) / "shown"
        child, terminal = pty.fork()
        if child == 0:
            os.execvp(START[shell][0], START[shell])
        try:
            send(terminal, f"{BIND[shell].format(file=shown)}; {setup}; : >{ready}\n")
            wait_for(ready, terminal)
            for keys in lines:
                send(terminal, keys + SHOW)
                wait_for(shown, terminal)
                print(shown.read_text(encoding="utf-8").rstrip("\n"))
                shown.unlink()
                send(terminal, CLEAR)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return 0


def send(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def wait_for(file: Path, terminal: int) -> None:
    """Reads what the shell draws, so that it never waits for a reader."""
    drawn = b""
    deadline = time.monotonic() + SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {SECONDS} s in vain; the terminal shows {drawn!r}")
        if select.select([terminal], [], [], 0.02)[0]:
            drawn += os.read(terminal, 4096)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
