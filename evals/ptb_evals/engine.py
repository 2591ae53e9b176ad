"""How prompts become texts: an engine takes a model's folder and settings and answers all prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy_lm
from numpy_lm.hub import HubError, snapshot


@dataclass(frozen=True)
class Settings:
    """`max_connections` is how many prompts are answered at a time."""

    max_tokens: int
    max_connections: int


Engine = Callable[[Path, Sequence[str], Settings], list[str]]


def numpy_engine(folder: Path, prompts: Sequence[str], settings: Settings) -> list[str]:
    """Greedy, on one CPU core; raises numpy_lm.ModelError."""
    model = numpy_lm.load(folder)
    return numpy_lm.generate(model, prompts, settings.max_tokens, batch=settings.max_connections)


ENGINES: Mapping[str, Engine] = {"numpy": numpy_engine}


def model_folder(path: str, hub: Path | None = None) -> Path:
    """A folder by that name, else the snapshot of a repository by that name; raises numpy_lm.ModelError."""
    if Path(path).is_dir():
        return Path(path)
    try:
        return snapshot(path, "models", hub)
    except HubError as error:
        raise numpy_lm.ModelError(
            f"no such model: {path} is neither a folder nor in the hub cache ({error})"
        ) from None
