"""Benchmarks whose items have one right answer, asked of tiny models with numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..benchmark import Kind, ModelError, Settings
from .items import read_items


@dataclass(frozen=True)
class Exact:
    """`data` is the data set's repository; its items are the lines of test.jsonl."""

    data: str
    engines: tuple[str, ...] = ("numpy",)
    few_shot: bool = False

    def find(self, repo: str, kind: Kind) -> Path | None:
        from numpy_lm.hub import HubError, snapshot

        try:
            return snapshot(repo, kind)
        except HubError:
            return None

    def measure(self, settings: Settings) -> Sequence[bool]:
        """Greedy, on one CPU core."""
        import numpy_lm

        items = read_items(self.data, self.find(self.data, "datasets"))[: settings.limit]
        prompts = [item.prompt for item in items]
        try:
            model = numpy_lm.load(settings.model)
            texts = numpy_lm.generate(model, prompts, settings.max_tokens, batch=settings.max_connections)
        except numpy_lm.ModelError as error:
            raise ModelError(error) from error
        return [exact_match(text, item.answer) for text, item in zip(texts, items, strict=True)]


def exact_match(generated: str, answer: str) -> bool:
    """Whether the first line generated is the answer, character by character."""
    return generated.split("\n", 1)[0] == answer
