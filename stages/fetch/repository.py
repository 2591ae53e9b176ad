"""Repositories of the Hugging Face hub: what of them is wanted, and how it comes into a cache of one's own.

The cache's layout is huggingface_hub's: `<hub>/models--org--name/{refs/main,snapshots/<commit>/…,blobs/…}`,
`datasets--…` likewise. A blob is named by its content: SHA-256 of large files, git's SHA-1 of small ones.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

Kind = Literal["model", "dataset"]

# What a model is loaded from: weights, configurations, tokenizer, chat template. Pickled weights (*.bin)
# are left out: they double the download, and loading one runs code.
MODEL_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.tiktoken", "merges.txt", "vocab.txt"]
# The same weights once more, for programs that nothing here uses.
MODEL_LEFT_OUT = ["original/*", "onnx/*", "openvino/*", "*.gguf", "consolidated*.safetensors"]

CONNECTIONS = 4


@dataclass(frozen=True)
class Repo:
    kind: Kind
    name: str
    # Branch, tag or commit.
    revision: str

    @property
    def folder(self) -> str:
        return f"{self.kind}s--{self.name.replace('/', '--')}"

    @property
    def pin(self) -> str:
        """Its name in the pipeline's lock."""
        return f"{self.kind}s/{self.name}"


@dataclass(frozen=True)
class File:
    path: str
    # Bytes.
    size: int
    # The blob's name, which is a digest of its content.
    blob: str


@dataclass(frozen=True)
class Listing:
    """A repository as the hub has it at one commit, as far as it is wanted."""

    repo: Repo
    commit: str
    files: list[File]

    @property
    def size(self) -> int:
        return sum({file.blob: file.size for file in self.files}.values())


class DamagedError(OSError):
    """What came is not what the hub announced; it was removed, so that the next try fetches it anew."""


def wanted(kind: Kind, path: str) -> bool:
    if kind == "dataset":
        return True
    if any(fnmatch(path, pattern) for pattern in MODEL_LEFT_OUT):
        return False
    return any(fnmatch(path, pattern) for pattern in MODEL_FILES)


def listing(repo: Repo) -> Listing:
    """Asks the hub. Raises what huggingface_hub raises, from GatedRepoError to requests' ConnectionError."""
    info = (
        library()
        .HfApi()
        .repo_info(repo.name, repo_type=repo.kind, revision=repo.revision, files_metadata=True)
    )
    files = [
        File(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else one.blob_id)
        for one in info.siblings or []
        if wanted(repo.kind, one.rfilename)
    ]
    return Listing(repo, info.sha, sorted(files, key=lambda file: file.path))


def present(found: Listing, cache: Path) -> int:
    """Bytes of it that lie in the cache already, also in files that a killed download left unfinished."""
    blobs = cache / found.repo.folder / "blobs"
    sizes = {file.blob: file.size for file in found.files}
    return sum(
        min(size, max(_size(blobs / blob), _size(blobs / f"{blob}.incomplete")))
        for blob, size in sizes.items()
    )


def download(found: Listing, cache: Path, hub: Path, tell: Callable[[str], None]) -> None:
    """Fetches what the cache lacks, goes on where a killed download stopped, and moves all of it into `hub`.

    Jobs that want the same repository at once take turns. Raises what huggingface_hub raises, and
    DamagedError.
    """
    repo = found.repo
    cache.mkdir(parents=True, exist_ok=True)
    lock: Any = importlib.import_module("filelock")
    with lock.FileLock(str(cache / f".{repo.folder}.lock")):
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            coming = {pool.submit(_one, found, file.path, cache): file for file in found.files}
            try:
                for done, future in enumerate(as_completed(coming), start=1):
                    future.result()
                    file = coming[future]
                    tell(f"{repo.name}: {file.path} ({describe(file.size)}), {done} of {len(found.files)}")
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        _take(found, cache, hub)
        shutil.rmtree(cache / repo.folder)


def copy_snapshot(repo: Repo, source: Path, hub: Path) -> str:
    """Copies a repository from a cache that somebody filled before; returns the commit.

    Raises FileNotFoundError, with one line as its message, when the cache does not hold it whole.
    """
    folder = source / repo.folder
    if not folder.is_dir():
        raise FileNotFoundError(f"{repo.name} is not in it")
    commit = repo.revision
    if not (folder / "snapshots" / commit).is_dir():
        ref = folder / "refs" / repo.revision
        if not ref.is_file():
            raise FileNotFoundError(f"{repo.name} is in it, but not at {repo.revision}")
        commit = ref.read_text(encoding="utf-8").strip()
    snapshot = folder / "snapshots" / commit
    paths = sorted(
        str(path.relative_to(snapshot)) for path in snapshot.rglob("*") if path.is_symlink() or path.is_file()
    )
    paths = [path for path in paths if wanted(repo.kind, path)]
    lacking = missing_files(snapshot, paths) if repo.kind == "model" else _dangling(snapshot, paths)
    if lacking or not paths:
        raise FileNotFoundError(f"{repo.name} is in it, but lacks {', '.join(lacking[:3]) or 'all files'}")
    for path in paths:
        real = (snapshot / path).resolve()
        # A cache without links holds the files themselves.
        blob = real.name if (snapshot / path).is_symlink() else digest(real, "sha256")
        target = _blob(hub, repo, blob)
        if not target.exists():
            shutil.copyfile(real, target)
        _link(hub, repo, commit, path, blob)
    _point_main(hub, repo, commit)
    return commit


def missing_files(snapshot: Path, paths: list[str]) -> list[str]:
    """What a model's folder lacks to be loaded, as far as its own files tell."""
    lacking = _dangling(snapshot, paths)
    if "config.json" not in paths:
        lacking.append("config.json")
    weights = [path for path in paths if path.endswith(".safetensors")]
    index = snapshot / "model.safetensors.index.json"
    if index.is_file():
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        lacking.extend(sorted(shards - set(paths)))
    elif not weights:
        lacking.append("model.safetensors")
    return lacking


def digest(file: Path, kind: Literal["sha256", "git"]) -> str:
    """SHA-256 of the content, or git's name of it: the SHA-1 with `blob <size>` and a zero byte before it."""
    state = hashlib.sha256() if kind == "sha256" else hashlib.sha1(usedforsecurity=False)
    if kind == "git":
        state.update(f"blob {file.stat().st_size}\0".encode())
    with file.open("rb") as stream:
        while part := stream.read(1 << 20):
            state.update(part)
    return state.hexdigest()


def describe(size: int) -> str:
    """Bytes as a person reads them: `812 B`, `3.1 MB`."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def library() -> Any:
    """huggingface_hub, set up for a job without a person before it."""
    # Downloads through Xet start a file from its beginning again; plain HTTP goes on where it stopped.
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    return importlib.import_module("huggingface_hub")


def _one(found: Listing, path: str, cache: Path) -> None:
    library().hf_hub_download(
        found.repo.name, path, repo_type=found.repo.kind, revision=found.commit, cache_dir=str(cache)
    )


def _take(found: Listing, cache: Path, hub: Path) -> None:
    for file in found.files:
        target = _blob(hub, found.repo, file.blob)
        if not target.exists():
            came = cache / found.repo.folder / "blobs" / file.blob
            if digest(came, "sha256" if len(file.blob) == 64 else "git") != file.blob:
                came.unlink()
                raise DamagedError(f"{found.repo.name}: {file.path} came damaged")
            shutil.move(came, target)
        _link(hub, found.repo, found.commit, file.path, file.blob)
    _point_main(hub, found.repo, found.commit)


def _blob(hub: Path, repo: Repo, blob: str) -> Path:
    folder = hub / repo.folder / "blobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / blob


def _link(hub: Path, repo: Repo, commit: str, path: str, blob: str) -> None:
    link = hub / repo.folder / "snapshots" / commit / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(hub / repo.folder / "blobs" / blob, link.parent))


def _point_main(hub: Path, repo: Repo, commit: str) -> None:
    """Whoever reads the cache offline asks for `main`, whatever the commit was found by."""
    main = hub / repo.folder / "refs" / "main"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(commit, encoding="utf-8")


def _dangling(snapshot: Path, paths: list[str]) -> list[str]:
    return [path for path in paths if not (snapshot / path).is_file()]


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
