"""Downloads repositories of the Hugging Face hub into a cache that needs no network afterwards.

Layout (huggingface_hub's): `<hub>/models--org--name/{refs/main,snapshots/<commit>/…,blobs/…}`, `datasets--…`
likewise.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

# The shell's "try again" (EX_TEMPFAIL).
TRY_AGAIN = 75

# Weights in formats that nothing here reads; they double the download. Pickled ones could run code as well.
UNREAD = ["*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.onnx", "*.ot", "*.gguf", "original/*", "onnx/*"]


def download(hub: Path, kind: str, repo: str, revision: str) -> None:
    """Fetches one repository at `revision` (branch, tag or commit) and points refs/main at the commit that
    came.

    Raises what huggingface_hub raises; a download that broke off is resumed by calling again.
    """
    library: Any = importlib.import_module("huggingface_hub")
    unread = UNREAD if kind == "model" else None
    path = library.snapshot_download(
        repo, repo_type=kind, revision=revision, cache_dir=str(hub), ignore_patterns=unread, max_workers=4
    )
    commit = Path(path).name
    main = hub / f"{kind}s--{repo.replace('/', '--')}" / "refs" / "main"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(commit, encoding="utf-8")
    print(f"{repo} at {commit}")


def explain(error: Exception, repo: str) -> tuple[int, str]:
    """The exit status and the one line for what went wrong with `repo`."""
    name = type(error).__name__
    if name == "GatedRepoError":
        return 1, f"{repo} is gated: accept its licence at https://huggingface.co/{repo} and set HF_TOKEN"
    if name in ("RepositoryNotFoundError", "RevisionNotFoundError"):
        hint = "" if os.environ.get("HF_TOKEN") else " (a private one needs HF_TOKEN)"
        return 1, f"{repo}: no such repository or revision on the hub{hint}"
    status = getattr(getattr(error, "response", None), "status_code", None)
    temporary = status in (408, 429) or (isinstance(status, int) and status >= 500)
    unreachable = status is None and isinstance(error, OSError) and error.errno is None
    return (TRY_AGAIN if temporary or unreachable else 1), f"{repo}: {name}: {error}"


def main() -> int:
    """Exits 0, 75 when the hub is overloaded or out of reach, 1 for what waiting does not mend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hub", type=Path, required=True, help="the cache to fill")
    parser.add_argument("--kind", choices=["model", "dataset"], required=True)
    parser.add_argument("repos", nargs="+", help="org/name@revision")
    arguments = parser.parse_args()
    for argument in arguments.repos:
        repo, _, revision = argument.partition("@")
        try:
            download(arguments.hub, arguments.kind, repo, revision or "main")
        except ModuleNotFoundError as error:
            print(f"fetch: {error}: the environment must have huggingface_hub", file=sys.stderr)
            return 1
        except Exception as error:  # the library's own classes, of many kinds, are told apart by explain()
            status, line = explain(error, repo)
            print(f"fetch: {line}", file=sys.stderr)
            return status
    # Only meaningful while a download runs; they would make equal caches differ.
    shutil.rmtree(arguments.hub / ".locks", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
