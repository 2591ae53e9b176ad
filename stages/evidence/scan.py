"""Looks for test items in chunks of text. What it says of a chunk is data; contamination.py judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from finding import excerpt
from index import GRAM, Index, Owned
from tokens import SYMBOLS, Hashes, Offsets, Table, Words, fold, grams, masked, words_of
from unpack import CHUNK, Chunk

# How many words may stand between a question and its answer, on either side.
NEAR = 60
NEAR_SHORT = 6

# A passage in another order: this share of its different words, in a stretch this much longer than itself.
SAME_WORDS, SAME_RARE = 0.85, 0.9
STRETCH = 1.3

# Of the rare words of a passage, this share must stand together before its other words are counted.
RARE_TOGETHER = 0.7

# Hits on short prompts that are followed up, per chunk: a prompt like "a b" may be everywhere.
MOST_SHORT = 20_000


@dataclass
class Sighting:
    """What of one passage stands in one file: runs seen, exactly and with any numbers; `shuffled`, the share
    of its words seen together in another order; `answered`, whether its answer stands by."""

    line: int
    excerpt: str
    exact: set[int] = field(default_factory=set)
    masked: set[int] = field(default_factory=set)
    shuffled: float = 0.0
    answered: bool = False

    def merge(self, other: Sighting) -> None:
        """Takes in what another part of the file has."""
        self.exact |= other.exact
        self.masked |= other.masked
        self.shuffled = max(self.shuffled, other.shuffled)
        self.answered = self.answered or other.answered


@dataclass(frozen=True)
class Short:
    """A short prompt seen as a whole."""

    line: int
    excerpt: str
    answered: bool


@dataclass
class Sightings:
    """Per file: passages by number, short prompts by the number of their item."""

    passages: dict[str, dict[int, Sighting]] = field(default_factory=dict)
    shorts: dict[str, dict[int, Short]] = field(default_factory=dict)

    def merge(self, other: Sightings, lines: int = 0) -> None:
        """Takes in what follows; its lines are moved by `lines`."""
        for name, sightings in other.passages.items():
            own = self.passages.setdefault(name, {})
            for passage, sighting in sightings.items():
                if passage in own:
                    own[passage].merge(sighting)
                else:
                    sighting.line += lines
                    own[passage] = sighting
        for name, shorts in other.shorts.items():
            seen = self.shorts.setdefault(name, {})
            for item, short in shorts.items():
                if item not in seen or (short.answered and not seen[item].answered):
                    seen[item] = Short(short.line + lines, short.excerpt, short.answered)


@dataclass(frozen=True)
class _Text:
    """Folded chunks, one behind the other: the one that begins at begins[i] is of file names[i]."""

    text: bytes
    names: list[str]
    begins: Offsets
    lines: list[int]

    def segments(self, offsets: Offsets) -> Offsets:
        return np.searchsorted(self.begins, offsets, side="right") - 1

    def own(self, words: Words, place: int) -> tuple[int, int]:
        """The words of the same file as this one: first, and one behind the last."""
        segment = int(self.segments(words.begins[place : place + 1])[0])
        begin = int(np.searchsorted(words.begins, self.begins[segment]))
        if segment + 1 == len(self.begins):
            return begin, len(words)
        return begin, int(np.searchsorted(words.begins, self.begins[segment + 1]))

    @cached_property
    def _breaks(self) -> Offsets:
        return np.flatnonzero(np.frombuffer(self.text, dtype=np.uint8) == ord("\n"))

    def place(self, offset: int) -> tuple[int, str]:
        """Line, what stands there."""
        segment = int(self.segments(np.array([offset]))[0])
        first, last = np.searchsorted(self._breaks, [self.begins[segment], offset]).tolist()
        shown = self.text[offset : offset + 400].decode("utf-8", errors="replace")
        return self.lines[segment] + last - first, excerpt(shown)


class Scanner:
    """The index, made ready for many texts."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._exact, self._masked, self._rare = (
            Table(owned.hashes) for owned in (index.exact, index.masked, index.rare)
        )
        self._shorts = {length: Table(owned.hashes) for length, owned in index.shorts.items()}
        self._lengths = np.array([passage.words for passage in index.passages], dtype=np.int64)
        self._rares = np.array([passage.rare for passage in index.passages], dtype=np.int64)
        by_owner = np.argsort(index.rare.owners, kind="stable")
        own = np.repeat(index.rare.hashes, np.diff(index.rare.starts))[by_owner]
        self._rare_words = np.split(own, np.cumsum(self._rares))[:-1]

    def scan(self, chunks: Iterable[Chunk]) -> Sightings:
        """Small chunks are looked at together."""
        found = Sightings()
        together: list[Chunk] = []
        size = 0
        for chunk in chunks:
            together.append(chunk)
            size += len(chunk.data)
            if size >= CHUNK:
                self._scan(together, found)
                together, size = [], 0
        self._scan(together, found)
        return found

    def _scan(self, chunks: list[Chunk], found: Sightings) -> None:
        folded = [fold(chunk.data) for chunk in chunks]
        lengths = np.array([len(text) + 1 for text in folded], dtype=np.int64)
        begins = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])[:-1]
        text = _Text(b"\n".join(folded), [c.name for c in chunks], begins, [c.line for c in chunks])
        if self._index.passages:
            words = words_of(text.text)
            self._runs(text, words, found, "exact", self._exact, self._index.exact, words.hashes)
            self._runs(text, words, found, "masked", self._masked, self._index.masked, masked(words))
            self._shuffled(text, words, found)
        if self._shorts:
            self._short(text, words_of(text.text, symbols=True), found)

    def _runs(
        self,
        text: _Text,
        words: Words,
        found: Sightings,
        kind: str,
        table: Table,
        owned: Owned,
        hashes: Hashes,
    ) -> None:
        places, runs = table.find(grams(hashes, GRAM))
        if len(places) == 0:
            return
        offsets = words.begins[places]
        segments = text.segments(offsets)
        # The same run again in the same file says nothing new.
        _, first = np.unique(segments * (len(owned.hashes) + 1) + runs, return_index=True)
        where: dict[tuple[str, int], list[int]] = {}
        for hit in np.sort(first).tolist():
            run = int(runs[hit])
            name = text.names[int(segments[hit])]
            for passage in owned.owners[owned.starts[run] : owned.starts[run + 1]].tolist():
                sighting = self._sighting(text, found, name, passage, int(offsets[hit]))
                (sighting.exact if kind == "exact" else sighting.masked).add(run)
                where.setdefault((name, passage), []).append(int(places[hit]))
        if kind == "exact":
            for (name, passage), list_ in where.items():
                if self._answer_near(text, words, passage, list_):
                    found.passages[name][passage].answered = True

    def _sighting(self, text: _Text, found: Sightings, name: str, passage: int, offset: int) -> Sighting:
        own = found.passages.setdefault(name, {})
        if passage not in own:
            line, shown = text.place(offset)
            own[passage] = Sighting(line, shown)
        return own[passage]

    def _answer_near(self, text: _Text, words: Words, passage: int, places: list[int]) -> bool:
        """Whether the item's answer stands before the passage or behind it, not in it."""
        answer = self._index.answers[self._index.passages[passage].item]
        length = self._index.passages[passage].words
        if len(answer) == 0 or len(places) < 3:
            return False
        middle = sorted(places)[len(places) // 2]
        near = [place for place in places if abs(place - middle) <= length]
        first, last = min(near), max(near) + GRAM
        plain = [word for word in answer.tolist() if word not in _SYMBOLS]
        begin, end = text.own(words, first)
        behind = words.hashes[last : min(end, last + NEAR + len(plain))]
        before = words.hashes[max(begin, first - NEAR // 2 - len(plain)) : first]
        return _holds(behind, plain) or _holds(before, plain)

    def _shuffled(self, text: _Text, words: Words, found: Sightings) -> None:
        rare = self._index.rare
        places, keys = self._rare.find(words.hashes)
        if len(places) == 0:
            return
        counts = (rare.starts[1:] - rare.starts[:-1])[keys].astype(np.int64)
        which = np.repeat(np.arange(len(places)), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        passages = rare.owners[rare.starts[keys][which] + within].astype(np.int64)
        ordered = np.sort((passages << 40) | places[which])
        passages = ordered >> 40
        reach = (self._lengths[passages] * STRETCH).astype(np.int64) + 4
        together = np.searchsorted(ordered, ordered + reach, side="right") - np.arange(len(ordered))
        likely = np.flatnonzero(together >= np.maximum(3, self._rares[passages] * RARE_TOGETHER))
        # One look per passage and stretch: the next start within the same stretch would see the same words.
        last: dict[int, int] = {}
        for hit in likely.tolist():
            passage, start = int(passages[hit]), int(ordered[hit] & ((1 << 40) - 1))
            if start < last.get(passage, -1):
                continue
            last[passage] = start + max(1, int(reach[hit]) // 8)
            begin = max(0, start - int(reach[hit]) // 4)
            stretch = words.hashes[begin : start + int(reach[hit])]
            bag = self._index.bags[passage]
            share = float(np.isin(bag, stretch).mean())
            # Of texts by one pattern only the rare words differ.
            if share >= SAME_WORDS and float(np.isin(self._rare_words[passage], stretch).mean()) >= SAME_RARE:
                offset = int(words.begins[start])
                name = text.names[int(text.segments(np.array([offset]))[0])]
                sighting = self._sighting(text, found, name, passage, offset)
                sighting.shuffled = max(sighting.shuffled, share)

    def _short(self, text: _Text, words: Words, found: Sightings) -> None:
        for length, table in self._shorts.items():
            owned = self._index.shorts[length]
            places, runs = table.find(grams(words.hashes, length))
            for place, run in zip(places[:MOST_SHORT].tolist(), runs.tolist(), strict=False):
                for item in owned.owners[owned.starts[run] : owned.starts[run + 1]].tolist():
                    answer = self._index.answers[item].tolist()
                    reach = NEAR_SHORT + len(answer)
                    begin, end = text.own(words, place)
                    behind = words.hashes[place + length : min(end, place + length + reach)]
                    before = words.hashes[max(begin, place - reach) : place]
                    answered = _holds(behind, answer) or _holds(before, answer)
                    segment = int(text.segments(words.begins[place : place + 1])[0])
                    seen = found.shorts.setdefault(text.names[segment], {})
                    if item not in seen or (answered and not seen[item].answered):
                        line, shown = text.place(int(words.begins[place]))
                        seen[item] = Short(line, shown, answered)


def _holds(stretch: Hashes, answer: list[int]) -> bool:
    """Whether `answer` stands in `stretch` as it is."""
    if not answer or len(stretch) < len(answer):
        return False
    starts = np.flatnonzero(stretch[: len(stretch) - len(answer) + 1] == np.uint64(answer[0]))
    return any(stretch[start : start + len(answer)].tolist() == answer for start in starts.tolist())


_SYMBOLS = frozenset(words_of(b" ".join(bytes([byte]) for byte in SYMBOLS), symbols=True).hashes.tolist())
