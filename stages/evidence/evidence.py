"""Looks through what an agent left for what the rules forbid: test items in its files (C), another model's
weights (M), edited evaluation code, templates and planted verdicts (T), calls to closed models (A).

Writes evidence.json (evidence.schema.json). What it finds is no verdict: the stage `audit` makes one of it,
by the pipeline's settings. Finding something is no failure: it exits 0 either way.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from contamination import find_contamination, find_in_texts
from finding import Evidence, Finding, Skipped
from lineage import find_lineage
from patterns import Rules, find_patterns
from tampering import find_model_settings, find_planted, find_tampering, laid_out_files
from texts import scripts, trace
from work import File, agents_files, files_of


def work_digest(files: Iterable[File], trace_file: Path | None) -> str:
    """Tells one agent's work from another's: its trace, which holds times, and the names and sizes of its
    files. A person's verdict is on one such work."""
    digest = sha256()
    for file in files:
        digest.update(f"{file.size} {file.name}\n".encode("utf-8", errors="surrogateescape"))
    if trace_file is not None and trace_file.is_file():
        with trace_file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def look_through(arguments: argparse.Namespace) -> dict[str, Any]:
    """The document of evidence.schema.json."""
    task: Path = arguments.task
    laid_out = laid_out_files(
        arguments.evals, arguments.benchmark, arguments.templates, _named(arguments.laid_out)
    )
    skipped: list[tuple[str, str]] = []
    files = list(files_of(task, skipped))
    own = list(agents_files(files, laid_out))
    rules = Rules(arguments.data_set, tuple(arguments.contaminated), tuple(arguments.secrets))

    results: list[Finding | Skipped] = []
    results += find_contamination(own, arguments.index, arguments.jobs)
    results += _in_trace(arguments.trace, arguments.index)
    results += find_patterns([*scripts(own), *trace(arguments.trace)], rules)
    lineage = find_lineage(
        arguments.model,
        arguments.base,
        arguments.instruct,
        {name: Path(path) if path else None for name, path in _pairs(arguments.known)},
        {"base": arguments.base_name, "instruct": arguments.instruct_name},
        arguments.jobs,
    )
    results += lineage.results
    results += find_tampering(task, laid_out)
    results += find_planted(own)
    results += find_model_settings(arguments.model, arguments.base, arguments.instruct, arguments.templates)
    if skipped:
        shown = "; ".join(f"{name}: {because}" for name, because in skipped[:3])
        places = [Evidence(name, excerpt=because) for name, because in skipped[:20]]
        results.append(
            Finding("C", "contamination.unread", f"{len(skipped)} entries were not read: {shown}", places)
        )
    return {
        "version": 1,
        "work": work_digest(files, arguments.trace),
        "findings": [asdict(result) for result in results if isinstance(result, Finding)],
        "skipped": [asdict(result) for result in results if isinstance(result, Skipped)],
        "lineage": lineage.document,
    }


def _in_trace(trace_file: Path | None, index: Path) -> list[Finding | Skipped]:
    """Test items in what the agent did, and in what it saw: the former is its own text."""
    did: list[tuple[str, int, str]] = []
    saw: list[tuple[str, int, str]] = []
    for text in trace(trace_file):
        (did if text.did else saw).append((text.name, text.line, text.text))
    results = find_in_texts(did, index)
    for result in find_in_texts(saw, index):
        assert isinstance(result, Finding)
        results.append(
            replace(result, source="contamination.seen", summary=f"shown to the agent: {result.summary}")
        )
    return results


def _named(pairs: list[str]) -> dict[str, Path]:
    return {name: Path(path) for name, path in _pairs(pairs)}


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in given)]


def write(document: dict[str, Any], file: Path) -> None:
    """Whole or not at all."""
    aside = file.with_name(file.name + ".part")
    # A name that is no UTF-8 must not end the audit.
    aside.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", errors="replace")
    aside.replace(file)


def parse() -> argparse.Namespace:
    """Exits 2 with a usage line for a wrong argument."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--task", type=Path, required=True, help="the agent's work folder")
    add("--trace", type=Path, help="its transcript, or its raw trace")
    add("--model", type=Path, required=True, help="its final model; may be missing")
    add("--base", type=Path, required=True, help="the model that it was given")
    add("--instruct", type=Path, required=True, help="the model that it must not use")
    add("--base-name", default="", help="the base model's id on the hub")
    add("--instruct-name", default="", help="the instruct model's id on the hub")
    add(
        "--known",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a further checkpoint to compare with; without a path where there is none",
    )
    add("--index", type=Path, required=True, help="the index of the benchmark's test items")
    add("--evals", type=Path, required=True, help="the project's evaluation code")
    add("--benchmark", required=True, help="the benchmark's folder in --evals")
    add("--templates", type=Path, required=True, help="the chat templates laid out; may be missing")
    add(
        "--laid-out",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a further file that was laid out",
    )
    add("--data-set", default="", help="the benchmark's data set on the hub")
    add("--contaminated", type=json.loads, default=[], help="JSON list of data sets known to hold test items")
    add("--secrets", type=json.loads, default=[], help="JSON list of the names of the agent's own keys")
    add(
        "--jobs",
        type=int,
        default=min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2),
    )
    add("--to", type=Path, required=True)
    return parser.parse_args()


def main() -> int:
    """Exits 0 with evidence, whatever it is."""
    arguments = parse()
    document = look_through(arguments)
    write(document, arguments.to)
    for finding in document["findings"]:
        print(
            f"{finding['flag']} {finding['source']}: {finding['summary']}".encode("ascii", "replace").decode()
        )
    for skip in document["skipped"]:
        print(f"skipped {skip['check']}: {skip['because']}".encode("ascii", "replace").decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
