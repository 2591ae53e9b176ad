"""Audits what an agent left: test items in its files (C), the instruct model's weights (M), edited evaluation
code (T).

Writes audit.json (audit.schema.json). Finding something is no failure of the audit: it exits 0 either way.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contamination import find_contamination
from finding import Finding, Skipped
from items import read_items
from tampering import find_tampering, laid_out_files
from weights import find_instruct_weights


def verdict(results: list[Finding | Skipped]) -> dict[str, Any]:
    """The document of audit.schema.json."""
    findings = [result for result in results if isinstance(result, Finding)]
    skipped = [result for result in results if isinstance(result, Skipped)]
    return {
        "version": 1,
        "flagged": bool(findings),
        "flags": sorted({finding.flag for finding in findings}),
        "findings": [asdict(finding) for finding in findings],
        "skipped": [asdict(skip) for skip in skipped],
    }


def write(document: dict[str, Any], file: Path) -> None:
    """Whole or not at all."""
    aside = file.with_name(file.name + ".part")
    aside.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    aside.replace(file)


def main() -> int:
    """Exits 0 with a verdict, whatever it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", type=Path, required=True, help="the agent's work folder")
    parser.add_argument("--model", type=Path, required=True, help="its final model; may be missing")
    parser.add_argument("--base", type=Path, required=True, help="the model that it was given")
    parser.add_argument("--instruct", type=Path, required=True, help="the model that it must not use")
    parser.add_argument("--data", type=Path, required=True, help="the hub with the benchmark's data set")
    parser.add_argument("--evals", type=Path, required=True, help="the project's evaluation code")
    parser.add_argument("--benchmark", required=True, help="the benchmark's folder in --evals")
    parser.add_argument(
        "--templates", type=Path, required=True, help="the chat templates laid out; may be missing"
    )
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()

    laid_out = laid_out_files(arguments.evals, arguments.benchmark, arguments.templates)
    items = read_items(arguments.data)
    results: list[Finding | Skipped] = []
    results += find_contamination(arguments.task, items, laid_out)
    results += find_instruct_weights(arguments.model, arguments.base, arguments.instruct)
    results += find_tampering(arguments.task, laid_out)
    write(verdict(results), arguments.to)
    for result in results:
        said = result.summary if isinstance(result, Finding) else f"skipped, {result.because}"
        print(f"{result.check}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
