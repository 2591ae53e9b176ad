"""records.py results RUNS: what every result's record says of time and GPUs, as a JSON list.
records.py freed RUNS SAMPLES: how soon after an agent's time the GPU was free, and the next job had it.

SAMPLES are lines of `nvidia-smi --query-gpu=timestamp,uuid,memory.used,utilization.gpu`, on UTC.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

# MiB: an idle GPU's driver holds a few.
FREE = 100


def results(runs: Path) -> list[dict[str, Any]]:
    """In the order in which they began."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in runs.glob("results/*/*/result.json")]
    kept = ("step", "key", "attempt", "outcome", "started", "ended", "seconds", "gpus", "sandbox")
    return sorted(
        ({name: record.get(name) for name in kept} | {"gpus": record.get("gpus") or []} for record in found),
        key=lambda record: str(record["started"]),
    )


def freed(runs: Path, samples: Path) -> dict[str, Any]:
    """Seconds after the end of the last agent."""
    agents = (one for one in results(runs) if one["step"].startswith("post-train:"))
    agent = max(agents, key=lambda one: str(one["ended"]))
    over = moment(agent["ended"])
    later = [one for one in results(runs) if one["gpus"] and moment(one["started"]) >= over]
    used = list(memory(samples))
    return {
        "outcome": agent["outcome"],
        "seconds": agent["seconds"],
        "held_mib": max(mib for at, mib in used if moment(agent["started"]) <= at <= over),
        "free_after": round(min(at for at, mib in used if at >= over and mib < FREE) - over, 2),
        "next_step": later[0]["step"],
        "next_after": round(moment(later[0]["started"]) - over, 2),
    }


def memory(samples: Path) -> Iterator[tuple[float, int]]:
    """(seconds since 1970, MiB in use)."""
    for line in samples.read_text(encoding="utf-8").splitlines():
        at, _, used, _ = line.split(", ")
        known = datetime.strptime(at, "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
        yield known.timestamp(), int(used.split()[0])


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main() -> None:
    what, runs, *more = sys.argv[1:]
    if what == "freed":
        print(json.dumps(freed(Path(runs), Path(*more)), indent=1))
    else:
        print("[\n" + ",\n".join(map(json.dumps, results(Path(runs)))) + "\n]")


if __name__ == "__main__":
    main()
