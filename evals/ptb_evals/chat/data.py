"""A data set in the hub cache, loaded as `datasets` loads it from the hub, without a network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..benchmark import DataError, Kind

Row = dict[str, Any]


def find(repo: str, kind: Kind) -> Path | None:
    """The snapshot that refs/main names; None when it is not in the cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, repo_type=kind.removesuffix("s"), local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None


@dataclass(frozen=True)
class Data:
    repo: str
    config: str | None

    def rows(self, split: str) -> list[Row]:
        """All rows of a split in their own order. Raises DataError."""
        folder = find(self.repo, "datasets")
        if folder is None:
            raise DataError(f"{self.repo}: not in the hub cache")
        from datasets import disable_progress_bars, load_dataset

        disable_progress_bars()
        # What the library prepares holds the test items: it must not stay behind in an agent's home
        # or work folder.
        with tempfile.TemporaryDirectory(prefix="ptb-data-") as temporary:
            try:
                loaded = load_dataset(str(folder), self.config, split=split, cache_dir=temporary)
            except Exception as error:  # the library raises classes of its own, of pyarrow's and of pandas'
                raise DataError(
                    f"{self.repo}: split {split} cannot be loaded: {type(error).__name__}"
                ) from None
            return list(loaded)

    def folders(self) -> list[Path]:
        """Where the data set's files lie, snapshots and blobs, and the cache that shows them."""
        found, home = find(self.repo, "datasets"), os.environ.get("HF_HOME")
        return [*([found.resolve().parent.parent] if found else []), *([Path(home)] if home else [])]

    def samples(self, split: str, make: Callable[[Row], Any]) -> list[Any]:
        """What `make` makes of each row. Raises DataError for a row without the fields that it takes."""
        made = []
        for number, row in enumerate(self.rows(split)):
            try:
                made.append(make(row))
            except (KeyError, TypeError, ValueError, AssertionError) as error:
                raise DataError(f"{self.repo}: row {number} of {split}: {type(error).__name__}") from None
        if not made:
            raise DataError(f"{self.repo}: no items in {split}")
        return made
