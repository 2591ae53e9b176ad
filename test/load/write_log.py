"""Writes numbered lines of 100 bytes at a steady rate to stdout, and every tenth to stderr as well.

Arguments: MB/s, seconds, and the file whose appearance says when to begin.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

LINE = 100
TICK = 0.1

rate, seconds = float(sys.argv[1]), float(sys.argv[2])
lines = round(rate * 1e6 / LINE * seconds)
while not Path(sys.argv[3]).exists():
    time.sleep(TICK)
began = time.monotonic()
written = 0
while written < lines:
    due = min(lines, round((time.monotonic() - began + TICK) * rate * 1e6 / LINE))
    chunk = [f"line {number:09d} ".ljust(LINE - 1, "x") + "\n" for number in range(written, due)]
    sys.stdout.write("".join(chunk))
    sys.stderr.write("".join(chunk[-written % 10 :: 10]))
    sys.stdout.flush()
    sys.stderr.flush()
    written = due
    time.sleep(TICK)
