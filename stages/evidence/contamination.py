"""C: items of the benchmark's test split in the files that the agent left."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import index as index_file
from finding import MOST_EVIDENCE, Evidence, Finding, Skipped
from index import Index, Passage
from scan import Scanner, Sighting, Sightings
from unpack import Chunk, Unread
from work import File, Portion, chunks, lines_in, portions

CHECK = "contamination"

# An item stands in a file when this share of its telling runs does, and at least so many of them.
SAME_RUNS, LEAST_RUNS = 0.4, 4

# Without its numbers, or the names of its functions, an item is more like others of its kind.
SAME_UNNAMED_RUNS = 0.6
SAME_MASKED_RUNS, LEAST_MASKED_RUNS = 0.6, 10

# Questions alone are looked at (an agent may read them), so many are no accident.
MANY, MANY_SHORT = 3, 5

# Below this much text a second process costs more than it saves.
LITTLE = 4 << 20

# Where the Hugging Face libraries keep what they download: all splits, whichever was asked for.
_CACHE = re.compile(
    r"(^|/)(datasets--[^/]+/(snapshots|blobs)/|datasets/[^/]+___[^/]+/|[^/]+___[^/]+/[^/]+/\d+\.\d+\.\d+/|\.cache/huggingface/)"
)


@dataclass(frozen=True)
class _Seen:
    """One item in one file."""

    evidence: Evidence
    answered: bool


def find_contamination(files: Iterable[File], index_folder: Path, jobs: int) -> list[Finding | Skipped]:
    """At most one finding a file and source; `files` are those of the work folder that are the agent's."""
    index = index_file.load(index_folder)
    if not index.items:
        return [
            Skipped(CHECK, "the data set has no test items with prompts that are not in the train split too")
        ]
    sightings, unread = look(list(portions(files)), index_folder, jobs)
    results: list[Finding | Skipped] = []
    for name in sorted(sightings.passages.keys() | sightings.shorts.keys()):
        results += judge(name, sightings, index)
    if index.untellable:
        some = ", ".join(index.untellable[:5])
        results.append(
            Skipped(
                CHECK, f"{len(index.untellable)} items hold nothing of their own to look for, such as {some}"
            )
        )
    return results + _unread(unread)


def find_in_texts(texts: Iterable[tuple[str, int, str]], index_folder: Path) -> list[Finding | Skipped]:
    """As find_contamination, for texts at hand: name, line, text."""
    index = index_file.load(index_folder)
    found = Scanner(index).scan(
        Chunk(name, text.encode("utf-8", errors="replace"), line) for name, line, text in texts
    )
    return [
        finding
        for name in sorted(found.passages.keys() | found.shorts.keys())
        for finding in judge(name, found, index)
    ]


def judge(name: str, sightings: Sightings, index: Index) -> list[Finding]:
    """What the sightings in one file come to."""
    same: dict[int, _Seen] = {}
    variants: dict[int, _Seen] = {}
    for number, sighting in sightings.passages.get(name, {}).items():
        passage = index.passages[number]
        item = passage.item
        kind, overlap = _compare(sighting, passage)
        if kind is None:
            continue
        evidence = Evidence(name, sighting.line, sighting.excerpt, index.items[item].id, round(overlap, 2))
        # A whole solution is more than an answer.
        seen = _Seen(evidence, sighting.answered or passage.part == "solution")
        table = same if kind == "same" else variants
        if item not in table or (seen.answered and not table[item].answered):
            table[item] = seen
    # Items may be alike: what is one of them is not also a variant of the others.
    lines = {seen.evidence.line for seen in same.values()}
    variants = {
        item: seen for item, seen in variants.items() if item not in same and seen.evidence.line not in lines
    }
    shorts = {
        item: _Seen(Evidence(name, short.line, short.excerpt, index.items[item].id, 1.0), short.answered)
        for item, short in sightings.shorts.get(name, {}).items()
    }
    total = len(index.items)
    findings: list[Finding] = []
    found = [(same, MANY, "test items"), (shorts, MANY_SHORT, "test prompts")]
    for seen_items, many, what in found:
        answered = sum(seen.answered for seen in seen_items.values())
        if answered or len(seen_items) >= many:
            summary = f"{name} holds {len(seen_items)} of the {total} {what}, {answered} with the answer"
            findings.append(_finding("items", name, summary, seen_items))
        elif seen_items and seen_items is same:
            summary = f"{name} holds {len(seen_items)} of the {total} {what}, without answers"
            findings.append(_finding("few", name, summary, seen_items))
    if variants:
        answered = sum(seen.answered for seen in variants.values())
        summary = (
            f"{name} holds {len(variants)} of the {total} test items with other numbers or in another order"
        )
        enough = answered or len(variants) >= MANY
        findings.append(_finding("variants" if enough else "few", name, summary, variants))
    return findings


def _compare(sighting: Sighting, passage: Passage) -> tuple[str | None, float]:
    exact = len(sighting.exact) / passage.runs if passage.runs else 0.0
    least = SAME_UNNAMED_RUNS if passage.part == "unnamed" else SAME_RUNS
    if len(sighting.exact) >= min(LEAST_RUNS, passage.runs) and exact >= least:
        return "same", exact
    alike = len(sighting.masked) / passage.masked_runs if passage.masked_runs else 0.0
    if len(sighting.masked) >= LEAST_MASKED_RUNS and alike >= SAME_MASKED_RUNS:
        return "variant", alike
    return ("variant", sighting.shuffled) if sighting.shuffled else (None, 0.0)


def _finding(source: str, name: str, summary: str, seen: dict[int, _Seen]) -> Finding:
    ordered = sorted(seen.values(), key=lambda one: not one.answered)
    if _CACHE.search(name):
        source, summary = "cache", f"{summary}: a download's cache, which holds all splits"
    evidence = [one.evidence for one in ordered[:MOST_EVIDENCE]]
    return Finding("C", f"contamination.{source}", summary, evidence)


def _unread(unread: Unread) -> list[Finding | Skipped]:
    results: list[Finding | Skipped] = []
    not_read = sorted({*unread.files, *unread.cut})
    if not_read:
        shown = "; ".join(f"{name}: {because}" for name, because in not_read[:3])
        more = f" and {len(not_read) - 3} more" if len(not_read) > 3 else ""
        evidence = [Evidence(name, excerpt=because) for name, because in not_read[:MOST_EVIDENCE]]
        results.append(
            Finding("C", "contamination.unread", f"not read, or not to the end: {shown}{more}", evidence)
        )
    if unread.logs:
        some = ", ".join(sorted(unread.logs)[:3])
        results.append(
            Skipped(
                CHECK,
                f"{len(unread.logs)} logs of evaluate.py, which hold test items by their nature: {some}",
            )
        )
    return results


_scanner: Scanner | None = None


def _start(index_folder: Path) -> None:
    global _scanner
    _scanner = Scanner(index_file.load(index_folder))


def _look(portion: Portion) -> tuple[Sightings, Unread, int]:
    assert _scanner is not None
    unread = Unread()
    try:
        found = _scanner.scan(chunks(portion, unread))
        return found, unread, lines_in(portion) if portion.begin is not None else 0
    except OSError as error:
        unread.files += [(file.name, error.strerror or "cannot be read") for file in portion.files]
        return Sightings(), unread, 0


def look(work: list[Portion], index_folder: Path, jobs: int) -> tuple[Sightings, Unread]:
    """Looks through all portions, in several processes where that pays."""
    found, unread = Sightings(), Unread()
    lines, last = 0, ""
    for portion, (sightings, more, breaks) in zip(work, _all(work, index_folder, jobs), strict=True):
        name = portion.files[0].name
        lines = lines if portion.begin is not None and name == last else 0
        last = name
        found.merge(sightings, lines)
        lines += breaks
        unread.files += more.files
        unread.cut += more.cut
        unread.logs += more.logs
    return found, unread


def _all(work: list[Portion], index_folder: Path, jobs: int) -> Iterator[tuple[Sightings, Unread, int]]:
    size = sum(file.size for portion in work for file in portion.files if portion.begin in (None, 0))
    if jobs <= 1 or len(work) < 2 or size < LITTLE:
        _start(index_folder)
        yield from map(_look, work)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _start, (index_folder,)) as pool:
        yield from pool.imap(_look, work)
