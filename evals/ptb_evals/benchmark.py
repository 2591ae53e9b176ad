"""A benchmark, what asks it, and the settings of one evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Kind = Literal["models", "datasets"]


class ModelError(ValueError):
    """The model cannot be asked; the message is one line."""


class DataError(LookupError):
    """The data set is absent or not what the benchmark expects; the message is one line.

    It never quotes an item: the message may end in a log that the agent can read.
    """


class EvaluationError(RuntimeError):
    """The evaluation broke down, which says nothing of the model; the message is one line."""


class OutOfMemory(EvaluationError):
    """The GPU's memory, or the machine's, did not suffice."""


@dataclass(frozen=True)
class Settings:
    """One evaluation, as the command line asks for it.

    `limit` is a number of items, None for all; `template` a chat template's file, None for the model's own;
    `max_connections` how many prompts are answered at a time; `log_dir` where a log with all items goes, None
    for nowhere.
    """

    model: Path
    engine: str
    limit: int | None
    max_tokens: int
    max_connections: int
    gpu_memory_utilization: float
    template: Path | None
    seed: int
    few_shot: bool = False
    log_dir: Path | None = None


class Exam(Protocol):
    """What asks a benchmark's questions. The first of its engines is the default."""

    @property
    def engines(self) -> tuple[str, ...]: ...

    @property
    def few_shot(self) -> bool:
        """Whether base models can be asked with examples alone, without a chat template."""
        ...

    def find(self, repo: str, kind: Kind) -> Path | None:
        """The snapshot's folder of a repository in the hub cache; None when it is not there."""
        ...

    def measure(self, settings: Settings) -> Sequence[bool]:
        """For each item whether it was answered rightly. Raises ModelError, DataError, EvaluationError."""
        ...


@dataclass(frozen=True)
class Benchmark:
    """`title` as in eval.yaml; the others are what an agent's quick check takes when it does not say
    otherwise.

    `limit` is a number of items, -1 for all.
    """

    title: str
    exam: Exam
    max_tokens: int
    limit: int = -1
    max_connections: int = 32
    gpu_memory_utilization: float = 0.3
