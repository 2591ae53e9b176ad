"""C: items of the benchmark's test split in the files of the work folder."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from finding import Evidence, Finding, Skipped
from items import Item
from search import Search, stands_alone
from text import normalise, pieces, text_files, views
from windows import windows

CHECK = "test items in the work folder"

# How far from its prompt an answer still belongs to it, in characters of normalised text.
NEAR = 240

# So many different prompts of the test split in one file are no accident, even without their answers.
MANY_PROMPTS = 5

# How many places one finding shows.
MOST_EVIDENCE = 20


def find_contamination(task: Path, items: list[Item], laid_out: dict[str, str]) -> list[Finding | Skipped]:
    """One finding per file that holds test items. What was laid out and is unchanged is not the agent's."""
    if not items:
        return [Skipped(CHECK, "the data set has no test.jsonl with prompts and answers")]
    check = _Check(items)
    results: list[Finding | Skipped] = []
    for path in text_files(task):
        name = path.relative_to(task).as_posix()
        try:
            if name not in laid_out or sha256(path.read_bytes()).hexdigest() != laid_out[name]:
                results += check.finding(path, name)
        except OSError as error:
            results.append(Skipped(CHECK, f"{name}: {error.strerror}"))
    return results


class _Check:
    """The test items, made ready for looking through many files."""

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self._prompts = [normalise(item.prompt).strip() for item in items]
        self._answers = [normalise(item.answer).strip() for item in items]
        self._search = Search(self._prompts)
        self._reach = max(map(len, self._prompts)) + 2 * (NEAR + max(map(len, self._answers)))

    def finding(self, path: Path, name: str) -> list[Finding]:
        """At most one. An item counts once; a sighting with its answer beats one without. Raises OSError."""
        alone: dict[int, Evidence] = {}
        together: dict[int, Evidence] = {}
        for view in views(path):
            for window in windows(pieces(path, view), self._reach):
                for offset, number in self._search.places(window.text):
                    seen = together if self._answer_is_near(window.text, offset, number) else alone
                    if number not in seen:
                        line, excerpt = window.line_at(offset), window.excerpt(offset)
                        seen[number] = Evidence(name, line, excerpt, self._items[number].id)
        prompts = len(alone.keys() | together.keys())
        if not together and prompts < MANY_PROMPTS:
            return []
        summary = (
            f"{name} holds {prompts} of the {len(self._items)} test prompts, {len(together)} with the answer"
        )
        rest = [evidence for number, evidence in alone.items() if number not in together]
        return [Finding("C", CHECK, summary, [*together.values(), *rest][:MOST_EVIDENCE])]

    def _answer_is_near(self, text: str, offset: int, number: int) -> bool:
        """Whether the answer stands by itself within NEAR characters of the prompt, after it or before it."""
        answer = self._answers[number]
        end = offset + len(self._prompts[number])
        reach = NEAR + len(answer)
        for low, high in ((end, end + reach), (max(0, offset - reach), offset)):
            at = text.find(answer, low, high)
            while at >= 0:
                if stands_alone(text, at, len(answer)):
                    return True
                at = text.find(answer, at + 1, high)
        return False
