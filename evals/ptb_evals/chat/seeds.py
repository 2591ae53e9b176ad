"""One seed per request: equal in a second run, different between items."""

from __future__ import annotations

import hashlib


def request_seed(run_seed: int, sample_id: str | int) -> int:
    """A number of 31 bits, which every engine takes."""
    digest = hashlib.sha256(f"{run_seed}\n{sample_id}".encode()).digest()
    return int.from_bytes(digest[:4], "little") >> 1
