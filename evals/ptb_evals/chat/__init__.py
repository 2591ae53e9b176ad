"""Benchmarks that inspect-ai asks: of a model on a GPU with vLLM, or anywhere with transformers.

inspect-ai takes seconds to import, so that happens once the arguments and the model's folder are known to be
good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..benchmark import Kind, Settings
from .data import Data, find

if TYPE_CHECKING:
    from inspect_ai import Task

__all__ = ["Chat", "Data"]


@dataclass(frozen=True)
class Chat:
    """`data` is the data set's repository, `config` its configuration.

    `task` makes inspect-ai's task of the data: its samples (with the tools that a sample offers under the
    metadata "tools") and its scorer. With true as its second argument the samples are plain text for a base
    model, to be continued up to one of `stop`.
    """

    data: str
    task: Callable[[Data, bool], Task]
    config: str | None = None
    few_shot: bool = False
    stop: tuple[str, ...] = ()
    engines: tuple[str, ...] = ("vllm", "hf")

    def find(self, repo: str, kind: Kind) -> Path | None:
        return find(repo, kind)

    def measure(self, settings: Settings) -> Sequence[bool]:
        from .run import measure

        return measure(self, settings)
