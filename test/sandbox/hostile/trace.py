"""Tries to trace, read and signal a process outside and to find a key in what /proc shows, and says what
worked.

Arguments: the process, and the key, which stands in its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

try:
    import ctypes
except ImportError:  # a small image
    ctypes = None  # type: ignore[assignment]

PREY, KEY = int(sys.argv[1]), sys.argv[2]
PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206

for request in (PTRACE_SEIZE, PTRACE_ATTACH) if ctypes else ():
    libc = ctypes.CDLL(None)
    if libc.ptrace(request, PREY, None, None) == 0:
        print("traced it")
        libc.ptrace(PTRACE_DETACH, PREY, None, None)
for wanted in (signal.SIGCONT, signal.SIGSTOP):
    with contextlib.suppress(OSError):
        os.kill(PREY, wanted)
        print("signalled it")
for name in ("mem", "environ", "maps"):
    with contextlib.suppress(OSError), Path(f"/proc/{PREY}/{name}").open("rb"):
        print("opened its", name)
for file in Path("/proc").glob("[0-9]*/environ"):
    with contextlib.suppress(OSError):
        if KEY.encode() in file.read_bytes():
            print("saw the key in", file)
