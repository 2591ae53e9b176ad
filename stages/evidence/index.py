"""What of the test items is worth looking for, as sorted hashes: made once per benchmark, read by every
audit.

A *passage* is a prompt or a solution. Three things of it are looked for:

- its runs of GRAM words, but for those that say nothing: the same in many items, in what is free to use, or
  made of very few words;
- the same runs with all numbers alike, so that changing the numbers hides nothing;
- its rare words in any order.

A prompt is a passage as it stands, written backwards, and with its letters moved by thirteen places; one that
names a function is one without the name too, so that another name hides nothing.

A prompt too short for that (SHORT words) is looked for as a whole, with its symbols.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from finding import excerpt
from items import Item
from tokens import Hashes, Words, grams, masked, words

Rows = npt.NDArray[np.int32]

GRAM = 8
SHORT = 12

# A run that stands in more items than this is the benchmark's own phrase, and so is one of fewer different
# words.
MOST_OWNERS = 3
LEAST_DIFFERENT = 5

# A word in more items than this (of both splits) is not rare; a passage with fewer rare words has no bag.
RARE = 20
LEAST_RARE = 4

# Without the names of its functions, a prompt of fewer telling runs is like others.
LEAST_UNNAMED = 6

VERSION = 2

# An "unnamed" one is a prompt without the names of its functions.
Part = Literal["prompt", "unnamed", "solution"]


@dataclass(frozen=True)
class Passage:
    """`words`: how many; `runs`, `masked_runs`, `rare`: how many of each are looked for."""

    item: int
    part: Part
    words: int
    runs: int
    masked_runs: int
    rare: int


@dataclass(frozen=True)
class Owned:
    """Sorted hashes and, for each, the passages that have it: owners[starts[i]:starts[i + 1]]."""

    hashes: Hashes
    starts: Rows
    owners: Rows

    @staticmethod
    def of(pairs: dict[int, list[int]]) -> Owned:
        """From hash to passages."""
        order = sorted(pairs)
        lengths = [len(pairs[key]) for key in order]
        return Owned(
            np.array(order, dtype=np.uint64),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
            np.array([owner for key in order for owner in pairs[key]], dtype=np.int32),
        )


@dataclass(frozen=True)
class Index:
    """`shorts` maps a number of words to the whole prompts that are so long. `answers` are the hashes of each
    item's answer, with symbols, in order."""

    items: list[Item]
    passages: list[Passage]
    exact: Owned
    masked: Owned
    rare: Owned
    # The different words of each passage, numbers left out, sorted.
    bags: list[Hashes]
    shorts: dict[int, Owned]
    answers: list[Hashes]
    # Items of which nothing is telling.
    untellable: list[str]


def build(test: list[Item], train: list[Item]) -> Index:
    """An index of the test items that are not in the train split too."""
    free_texts = {_plain(item.prompt) for item in train}
    items = [item for item in test if _plain(item.prompt) not in free_texts]
    free_exact, free_masked, common = _free(train)
    texts = [text for number, item in enumerate(items) for text in _texts(number, item)]
    bags = [text.bag for text in texts]
    for bag in bags:
        common.update(bag.tolist())

    exact = _telling(((text.item, text.runs()) for text in texts), free_exact)
    alike = _telling(((text.item, text.runs(numbers_count=False)) for text in texts), free_masked)
    rare: dict[int, list[int]] = {}
    passages: list[Passage] = []
    exact_counts, masked_counts = _counts(exact, len(texts)), _counts(alike, len(texts))
    for number, text in enumerate(texts):
        own = [key for key in bags[number].tolist() if common[key] <= RARE]
        own = own if len(own) >= LEAST_RARE else []
        for key in own:
            rare.setdefault(key, []).append(number)
        least = LEAST_UNNAMED if text.part == "unnamed" else 1
        runs, alike_runs = (counts[number] for counts in (exact_counts, masked_counts))
        passages.append(
            Passage(
                text.item,
                text.part,
                sum(map(len, text.read)),
                runs if runs >= least else 0,
                alike_runs if alike_runs >= least else 0,
                len(own),
            )
        )
    shorts = _shorts(items)
    lookable = {passage.item for passage in passages if passage.runs >= 3}
    lookable |= {owner for owned in shorts.values() for owner in owned.owners.tolist()}
    return Index(
        items,
        passages,
        Owned.of(exact),
        Owned.of(alike),
        Owned.of(rare),
        bags,
        shorts,
        [words(item.answer.encode(), symbols=True).hashes for item in items],
        [item.id for number, item in enumerate(items) if number not in lookable],
    )


def _plain(text: str) -> bytes:
    return words(text.encode(), symbols=True).hashes.tobytes()


@dataclass(frozen=True)
class _Text:
    """What becomes a passage: stretches of words that no run crosses. Only a text as it stands has a bag."""

    item: int
    part: Part
    read: list[Words]
    bag: Hashes

    def runs(self, numbers_count: bool = True) -> set[int]:
        return {
            run
            for one in self.read
            for run in _runs(one, one.hashes if numbers_count else masked(one), numbers_count)
        }


def _texts(number: int, item: Item) -> Iterator[_Text]:
    nothing: Hashes = np.zeros(0, dtype=np.uint64)
    prompt = words(item.prompt.encode())
    if len(prompt) >= SHORT:
        yield _Text(number, "prompt", [prompt], np.unique(prompt.hashes[~prompt.numbers]))
        for text in _disguises(item.prompt):
            yield _Text(number, "prompt", [words(text.encode())], nothing)
        names = _FUNCTION.findall(item.prompt)
        if names:
            between = re.split(rf"\b(?:{'|'.join(names)})\b", item.prompt)
            yield _Text(number, "unnamed", [words(text.encode()) for text in between], nothing)
    solution = words(item.solution.encode())
    # Short ways to an answer are the same in many places.
    if len(solution) >= 2 * SHORT:
        yield _Text(number, "solution", [solution], np.unique(solution.hashes[~solution.numbers]))


_FUNCTION = re.compile(r"^\s*(?:async\s+)?def\s+(\w+)\(", re.MULTILINE)


def _disguises(text: str) -> tuple[str, str]:
    return text[::-1], codecs.encode(text, "rot13")


def _free(train: list[Item]) -> tuple[set[int], set[int], Counter[int]]:
    """Runs of what is free to use, the same without numbers, and in how many of its items each word
    stands."""
    exact: set[int] = set()
    alike: set[int] = set()
    common: Counter[int] = Counter()
    for item in train:
        text = f"{item.prompt}\n{item.solution}\n{item.answer}"
        one = words(text.encode())
        common.update(np.unique(one.hashes[~one.numbers]).tolist())
        for written in (one, *(words(disguised.encode()) for disguised in _disguises(text))):
            exact.update(grams(written.hashes, GRAM).tolist())
            alike.update(grams(masked(written), GRAM).tolist())
    return exact, alike, common


def _runs(one: Words, hashes: Hashes, numbers_count: bool = True) -> set[int]:
    """Runs with enough different words, numbers among them or not."""
    found: set[int] = set()
    runs = grams(hashes, GRAM).tolist()
    for start, run in enumerate(runs):
        window = slice(start, start + GRAM)
        different = one.hashes[window] if numbers_count else one.hashes[window][~one.numbers[window]]
        if len(np.unique(different)) >= LEAST_DIFFERENT:
            found.add(run)
    return found


def _telling(passages: Iterable[tuple[int, set[int]]], free: set[int]) -> dict[int, list[int]]:
    """Run to the passages that have it, without those that are free or in too many items. `passages`: item
    and runs of each."""
    owners: dict[int, list[int]] = {}
    items: dict[int, set[int]] = {}
    for number, (item, own) in enumerate(passages):
        for run in own:
            owners.setdefault(run, []).append(number)
            items.setdefault(run, set()).add(item)
    return {run: list_ for run, list_ in owners.items() if len(items[run]) <= MOST_OWNERS and run not in free}


def _counts(owners: dict[int, list[int]], passages: int) -> list[int]:
    counts = Counter(owner for list_ in owners.values() for owner in list_)
    return [counts[number] for number in range(passages)]


def _shorts(items: list[Item]) -> dict[int, Owned]:
    """Prompts of fewer than SHORT words, by how many there are with symbols counted; owners are items
    here."""
    found: dict[int, dict[int, list[int]]] = {}
    for number, item in enumerate(items):
        if len(words(item.prompt.encode())) >= SHORT:
            continue
        hashes = words(item.prompt.encode(), symbols=True).hashes
        if len(hashes) >= 2:
            (run,) = grams(hashes, len(hashes)).tolist()
            found.setdefault(len(hashes), {}).setdefault(run, []).append(number)
    return {length: Owned.of(pairs) for length, pairs in sorted(found.items())}


def save(index: Index, folder: Path) -> None:
    """`index.npy` and `items.json`; the same index gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, owned in [("exact", index.exact), ("masked", index.masked), ("rare", index.rare)] + [
        (f"short-{length}", owned) for length, owned in index.shorts.items()
    ]:
        arrays |= {
            f"{name}.hashes": owned.hashes,
            f"{name}.starts": owned.starts,
            f"{name}.owners": owned.owners,
        }
    for name, lists in (("answers", index.answers), ("bags", index.bags)):
        arrays[name] = np.concatenate([*lists, np.zeros(0, dtype=np.uint64)])
        arrays[f"{name}.lengths"] = np.array([len(one) for one in lists], dtype=np.int64)
    # Not np.savez: a zip file holds the time at which it was made.
    with (folder / "index.npy").open("wb") as stream:
        for name in sorted(arrays):
            np.save(stream, arrays[name], allow_pickle=False)
    document = {
        "version": VERSION,
        "arrays": sorted(arrays),
        "items": [[item.id, excerpt(item.prompt)] for item in index.items],
        "passages": [[p.item, p.part, p.words, p.runs, p.masked_runs, p.rare] for p in index.passages],
        "shorts": sorted(index.shorts),
        "untellable": index.untellable,
    }
    (folder / "items.json").write_text(json.dumps(document) + "\n", encoding="utf-8")


def load(folder: Path) -> Index:
    """Raises OSError or ValueError for a folder that `save` did not make. Items come back with their id and
    the beginning of their prompt."""
    document = json.loads((folder / "items.json").read_text(encoding="utf-8"))
    if document.get("version") != VERSION:
        raise ValueError(f"{folder}: an index of another version")
    with (folder / "index.npy").open("rb") as stream:
        arrays = {name: np.load(stream, allow_pickle=False) for name in document["arrays"]}

    def owned(name: str) -> Owned:
        return Owned(arrays[f"{name}.hashes"], arrays[f"{name}.starts"], arrays[f"{name}.owners"])

    def lists(name: str) -> list[Hashes]:
        return np.split(arrays[name], np.cumsum(arrays[f"{name}.lengths"]))[:-1]

    return Index(
        [Item(identity, prompt, "") for identity, prompt in document["items"]],
        [Passage(*values) for values in document["passages"]],
        owned("exact"),
        owned("masked"),
        owned("rare"),
        lists("bags"),
        {length: owned(f"short-{length}") for length in document["shorts"]},
        lists("answers"),
        document["untellable"],
    )
