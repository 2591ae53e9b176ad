"""How an answer's process is shut off, by what this machine has: bubblewrap, util-linux, or limits alone."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

Argv = tuple[str, ...]

# In the shell: a folder that answers must not read gets an empty one mounted over it, then all capabilities
# go.
_HIDE = 'while [ "$1" != -- ]; do mount -t tmpfs none "$1" || exit 1; shift; done; shift; exec "$@"'


def caged(hidden: Sequence[Path]) -> Argv:
    """The command that starts what follows it shut off as well as this machine can: with no network, no other
    process, and without the `hidden` folders where `bwrap` or `unshare` work, else only as a process of its
    own with limits, and with Landlock where the kernel has it (answering.py)."""
    return _first(tuple(sorted({str(path.resolve()) for path in hidden if path.is_dir()})))


@functools.cache
def _first(hidden: tuple[str, ...]) -> Argv:
    return next((cage for cage in cages(hidden) if works(cage)), ())


def cages(hidden: Sequence[str]) -> list[Argv]:
    """Best first."""
    found: list[Argv] = []
    bwrap = shutil.which("bwrap")
    if bwrap:
        found += [_bwrap(bwrap, proc=("--proc", "/proc")), _bwrap(bwrap, proc=())]
    if shutil.which("unshare") and shutil.which("setpriv"):
        apart = (
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "--net",
            "--pid",
            "--ipc",
            "--fork",
            "--kill-child",
        )
        strip = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
        found += [
            (*apart, *proc, "sh", "-c", _HIDE, "sh", *hidden, "--", *strip)
            for proc in (("--mount-proc",), ())
        ]
    return found


def works(cage: Argv) -> bool:
    """Whether Python starts in it."""
    try:
        ended = subprocess.run(
            [*cage, python(), "-I", "-S", "-c", "print(6 * 7)"], capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.stdout == b"42\n"


def python() -> str:
    """The interpreter itself, behind virtual environments."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _bwrap(program: str, proc: Argv) -> Argv:
    """Nothing but the system's folders and the interpreter's own is there."""
    folders = [
        "/usr",
        "/bin",
        "/lib",
        "/lib32",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/alternatives",
        sys.base_prefix,
    ]
    shown = [word for path in folders for word in ("--ro-bind-try", path, path)]
    apart = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    return (program, *apart, *shown, *proc, "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp", "--")
