#!/usr/bin/env python3
"""Stands in for an agent's command line, under whose name it lies on PATH: appends its argv, stdin and
environment as a JSON line to the file calls, and replays the recorded trace of that command line."""

import json
import os
import sys
import time
from pathlib import Path

here = Path(sys.argv[0])
if "--version" in sys.argv:
    print("stand-in 9.9.9")
    sys.exit()
call = {"argv": sys.argv[1:], "stdin": sys.stdin.read(), "env": dict(os.environ)}
with (here.parent / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\n")
for line in (here.parent / "trace.jsonl").read_text().splitlines():
    event = json.loads(line).get("event", {})
    if not event.get("type", "").startswith("ptb."):
        print(json.dumps(event), flush=True)
if (here.parent / "slow").exists():
    time.sleep(60)
sys.exit(int((here.parent / "status").read_text()) if (here.parent / "status").exists() else 0)
