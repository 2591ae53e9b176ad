"""Reads a trace line by line: memory is bounded by the longest line, never by the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

# The recorder cuts lines at 16 MiB of text; as JSON that may be six times as long. In bytes.
LONGEST_LINE = 100 * 1024 * 1024


def records(trace: Path) -> Iterator[object]:
    """What each line holds. A line that is not JSON becomes {"text": …}; a missing file has no lines."""
    if not trace.is_file():
        return
    with trace.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            text = line.decode("utf-8", errors="replace").strip()
            if not text:
                continue
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                yield {"text": text}
