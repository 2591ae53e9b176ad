"""What inspect-ai leaves undone for a server that it starts: its end, and its reasons."""

from __future__ import annotations

import ctypes
import logging
import re
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

# <linux/prctl.h>
PR_SET_CHILD_SUBREAPER = 36

# Lines of the server that are kept: a reason comes before the stacks of those who waited for who failed.
KEPT = 1000

# How Python names a reason. vLLM's processes may put their names before it.
REASON = re.compile(r"(?:^|\s)[\w.]*(?:Error|Exception): .*")


@contextmanager
def children_end() -> Iterator[None]:
    """What was started in the context ends with it, also when this process is told to end.

    inspect-ai ends vLLM's first process alone; the one that holds the GPU's memory outlives it by seconds,
    and the next evaluation finds no room.
    """
    if sys.platform == "linux":
        # Whose parent is gone becomes a child of this process, and is found below.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    former = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    own = psutil.Process()
    before = own.children(recursive=True)
    try:
        yield
    finally:
        while left := [one for one in own.children(recursive=True) if one not in before]:
            for one in left:
                # Nothing there is worth saving, and to be asked takes long.
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            psutil.wait_procs(left)
        signal.signal(signal.SIGTERM, former)


class Said(logging.Handler):
    """The last lines of the server, which inspect-ai reads into its log."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._logger = logging.getLogger("inspect_ai._util.local_server")

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def reason(self) -> str | None:
        """The first one: what follows are the reasons of those who waited for who failed."""
        found = (REASON.search(line) for line in self._lines)
        return next((one.group().strip() for one in found if one), None)

    def __enter__(self) -> None:
        self._logger.addHandler(self)
        self._logger.setLevel(logging.DEBUG)
        # Its trace lies in a folder that is gone before the server's last line comes.
        self._logger.propagate = False

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
