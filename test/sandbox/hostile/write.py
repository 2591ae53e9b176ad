"""Tries to write to paths of the machine by every way that a job may see, and says which way worked.

Arguments: a word that stands in this job's script and in no other file of the machine, then the paths.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

try:
    import ctypes
except ImportError:  # a small image
    ctypes = None  # type: ignore[assignment]

MARK, *TARGETS = sys.argv[1:]
FORGED = b"forged"


def below_proc(pattern: str) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(Path("/proc").glob(pattern))
    return []


def forge(path: str) -> None:
    """Over what is there, and in its place."""
    for root in (Path("/"), Path("/proc/1/cwd/../.."), *below_proc("[0-9]*/root")):
        target = root / path.lstrip("/")
        aside = target.with_name("forged.tmp")
        with contextlib.suppress(OSError):
            target.chmod(0o777)
        with contextlib.suppress(OSError), target.open("r+b") as file:
            file.write(FORGED)
            print("wrote", target)
        with contextlib.suppress(OSError):
            aside.write_bytes(FORGED)
            aside.replace(target)
            print("replaced", target)


def remount() -> None:
    """What a sandbox binds read-only, made writable by whoever thinks itself root; never on the machine
    itself.
    """
    if not Path("/ptb/step.json").exists():
        return
    remount_bind = 0x20 | 0x1000
    places = ("/ptb/files", "/ptb/step.json", "/ptb/in/fetch/weights")
    for place in places if ctypes else ():
        libc = ctypes.CDLL(None)
        libc.mount(b"none", place.encode(), b"none", remount_bind, None)
        libc.umount2(place.encode(), 2)
    script = 'for at; do mount -o remount,rw,bind "$at"; echo forged >>"$at"; umount -l "$at"; done'
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", *places], capture_output=True, timeout=10)


def reach_beside() -> None:
    """Folders in which some process works or which it holds open, and what lies beside them."""
    for link in below_proc("[0-9]*/fd/*") + below_proc("[0-9]*/cwd"):
        for name in ("job.sh", "../job.sh"):
            with contextlib.suppress(OSError), (link / name).open("r+b") as file:
                if MARK.encode() in file.read(4096):
                    file.write(FORGED)
                    print("wrote", link / name)


remount()
for target in TARGETS:
    forge(target)
reach_beside()
