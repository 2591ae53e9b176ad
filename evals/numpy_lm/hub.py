"""Repositories in the layout of the Hugging Face hub cache, read and written without a network.

<hub>/models--org--name/refs/main                 the revision's name
<hub>/models--org--name/snapshots/<revision>/…    its files
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Kind = Literal["models", "datasets"]


class HubError(LookupError):
    """A repository that is not in the cache, or a name that cannot be one; the message is one line."""


def default_hub(env: Mapping[str, str] = os.environ) -> Path:
    """Where the Hugging Face libraries would look: $HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub."""
    if env.get("HF_HUB_CACHE"):
        return Path(env["HF_HUB_CACHE"])
    home = env.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"


def snapshot(repo: str, kind: Kind = "models", hub: str | Path | None = None) -> Path:
    """The folder of a repository's main revision; raises HubError when it is not there."""
    root = Path(hub) if hub is not None else default_hub()
    home = root / _folder(repo, kind)
    ref = home / "refs" / "main"
    if not ref.is_file():
        raise HubError(f"{repo}: not among the {kind} in {root}")
    folder = home / "snapshots" / ref.read_text(encoding="utf-8").strip()
    if not folder.is_dir():
        raise HubError(f"{repo}: {ref} names a revision without files: {folder}")
    return folder


def publish(folder: str | Path, repo: str, kind: Kind, hub: str | Path) -> Path:
    """Copies a folder's files into the cache as main, named by their content; returns the snapshot.

    A revision becomes visible by one rename, and publishing the same files again changes nothing.
    """
    source, home = Path(folder), Path(hub) / _folder(repo, kind)
    revision = content_revision(source)
    target = home / "snapshots" / revision
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".publish-", dir=home) as temporary:
            shutil.copytree(source, Path(temporary) / revision)
            _open_to_readers(Path(temporary) / revision)
            (Path(temporary) / revision).rename(target)
    ref = home / "refs" / "main"
    ref.parent.mkdir(parents=True, exist_ok=True)
    aside = ref.with_name(f".main-{os.getpid()}")
    aside.write_text(revision, encoding="utf-8")
    aside.replace(ref)
    return target


def content_revision(folder: Path) -> str:
    """40 hex digits, as long as a git commit's, of the files' relative names and bytes."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        # Lengths keep one file's end from being read as the next one's name.
        digest.update(f"{file.relative_to(folder).as_posix()}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:40]


def _open_to_readers(folder: Path) -> None:
    """Jobs may run as another user, and a source that is a temporary folder is closed to everyone else."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _folder(repo: str, kind: Kind) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo, re.ASCII) or ".." in repo:
        raise HubError(f"{repo}: not a repository id, which looks like organisation/name")
    return f"{kind}--{repo.replace('/', '--')}"
