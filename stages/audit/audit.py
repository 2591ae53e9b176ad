"""Makes a cell's verdict of the evidence and of what the judge said.

The pipeline's setting `audit: {flag: [SOURCE…], look: [SOURCE…]}` says which sources flag by themselves and
which only ask a person to look; what it names in neither is noted. A source is named in full or by its check
(`lineage`); the fuller name wins.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Severity = Literal["flag", "look", "note"]

# Used where the pipeline says nothing.
DEFAULT: dict[str, list[str]] = {
    "flag": [
        "contamination.items", "contamination.variants", "lineage.instruct", "lineage.other",
        "lineage.stranger", "tampering.files", "tampering.planted", "tampering.prompt", "api.calls",
        "api.keys", "judge",
    ],
    "look": ["contamination", "lineage", "tampering", "api", "judge.split"],
}  # fmt: skip


def severity(source: str, settings: Mapping[str, list[str]]) -> Severity:
    """By the longest name in `settings` that is the source or its check."""
    names: list[tuple[str, Severity]] = [(name, "flag") for name in settings.get("flag", [])]
    names += [(name, "look") for name in settings.get("look", [])]
    fitting = [(len(name), kind) for name, kind in names if source == name or source.startswith(f"{name}.")]
    return max(fitting)[1] if fitting else "note"


def verdict(
    evidence: dict[str, Any], judgement: dict[str, Any] | None, asked: bool, settings: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The document of audit.schema.json. `judgement` is None where no judge was asked, or where it failed."""
    found = [*evidence["findings"], *(judgement or {}).get("findings", [])]
    findings = [{**finding, "severity": severity(finding["source"], settings)} for finding in found]
    order = ["flag", "look", "note"]
    findings.sort(key=lambda finding: order.index(finding["severity"]))
    flags = sorted({finding["flag"] for finding in findings if finding["severity"] == "flag"})
    lineage = evidence["lineage"]
    return {
        "version": 1,
        "flagged": bool(flags),
        "flags": flags,
        "look": any(finding["severity"] == "look" for finding in findings),
        "judged": ("unjudged" if judgement is None else judgement["verdict"]) if asked else "not-asked",
        "work": evidence["work"],
        "findings": findings,
        "skipped": evidence["skipped"],
        "lineage": {key: value for key, value in lineage.items() if key != "by_tensor"} if lineage else None,
        "judgement": judgement,
    }


def main() -> int:
    """Exits 0 with a verdict, whatever it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evidence", type=Path, required=True)
    parser.add_argument("--judge", type=Path, help="what the judge said; absent where none is asked")
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON: `audit` of the pipeline")
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    evidence = json.loads(arguments.evidence.read_text(encoding="utf-8"))
    said = arguments.judge is not None and arguments.judge.is_file()
    judgement = json.loads(arguments.judge.read_text(encoding="utf-8")) if said else None
    document = verdict(evidence, judgement, arguments.judge is not None, arguments.settings or DEFAULT)
    aside = arguments.to.with_name(arguments.to.name + ".part")
    aside.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    aside.replace(arguments.to)
    for finding in document["findings"]:
        said = f"{finding['severity']} {finding['flag']} {finding['source']}: {finding['summary']}"
        print(said.encode("ascii", "replace").decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
