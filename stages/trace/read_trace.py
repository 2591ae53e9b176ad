"""Turns a trace into transcript.jsonl, usage.json and agent.json; agents/ptb_trace has their formats."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    """Reads the prices, in US dollars per million tokens, from $PTB_AGENT_USD_PER_MILLION."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", type=Path, required=True, help="the agent's folder, beside ptb_trace")
    parser.add_argument("--trace", type=Path, required=True, help="what the recorder wrote")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the three files")
    arguments = parser.parse_args()

    sys.path.insert(0, str(arguments.agent.parent))
    from ptb_trace.load import parser_of
    from ptb_trace.reader import records

    reader = parser_of(arguments.agent)
    with (arguments.out / "transcript.jsonl").open("w", encoding="utf-8") as transcript:
        for record in records(arguments.trace):
            transcript.writelines(event.line() + "\n" for event in reader.add(record))
        transcript.writelines(event.line() + "\n" for event in reader.end())
    prices = json.loads(os.environ.get("PTB_AGENT_USD_PER_MILLION", "null"))
    _write(arguments.out / "usage.json", asdict(reader.usage(prices)))
    _write(arguments.out / "agent.json", reader.agent)


def _write(file: Path, document: dict[str, object]) -> None:
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
