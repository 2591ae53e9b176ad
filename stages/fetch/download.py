"""Fetches repositories of the Hugging Face hub into `--hub`, a cache that needs no network afterwards.

`$PTB_PINS` names the commit of each repository that the pipeline's lock knows; `pins.json` beside the cache
says which commit each one was. Half-finished downloads wait in `$PTB_CACHE`, so a killed one goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import failures
from repository import Kind, Listing, Repo, copy_snapshot, describe, download, listing, present

# The shell's "try again" (EX_TEMPFAIL).
TRY_AGAIN = 75
# Kept free beside the download, for logs and what else runs.
MARGIN = 1_000_000_000


def main() -> int:
    """Exits 0; else leaves failure.json and exits 75 when another try may help, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hub", type=Path, required=True, help="the cache to fill")
    parser.add_argument("--kind", choices=["model", "dataset"], required=True)
    parser.add_argument(
        "repos", nargs="+", help="org/name@revision; without a revision the lock's, else the newest"
    )
    arguments = parser.parse_args()
    hub: Path = arguments.hub
    repos = [parse(argument, arguments.kind) for argument in arguments.repos]
    commits = from_cache(repos, hub) if is_offline() else from_hub(repos, hub)
    pins = hub.parent / "pins.json"
    pins.write_text(json.dumps(commits, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def parse(argument: str, kind: Kind) -> Repo:
    name, _, revision = argument.partition("@")
    pins = json.loads(os.environ.get("PTB_PINS") or "{}")
    repo = Repo(kind, name, revision)
    return Repo(kind, name, revision or pins.get(repo.pin) or "main")


def is_offline() -> bool:
    """By the pipeline's hub.offline, or by the variable that the library itself knows."""
    asked = os.environ.get("PTB_HUB_OFFLINE") or os.environ.get("HF_HUB_OFFLINE") or ""
    return asked.lower() in ("1", "true", "yes", "on")


def from_hub(repos: list[Repo], hub: Path) -> dict[str, str]:
    """Downloads, once it is clear that there is room; the commits by pinned name."""
    cache = Path(os.environ.get("PTB_CACHE") or hub.parent / "cache") / "hub"
    found = []
    for repo in repos:
        try:
            found.append(listing(repo))
        except ModuleNotFoundError as error:
            give_up("not-ready", f"the environment has no {error.name}: add huggingface_hub to it")
        except Exception as error:  # the library's own classes, of many kinds, are told apart by explain()
            give_up(*failures.explain(error, repo))
    check_room(found, cache)
    for one in found:
        try:
            download(one, cache, hub, tell)
        except Exception as error:  # as above
            give_up(*failures.explain(error, one.repo))
        tell(f"{one.repo.name} is here at {one.commit}")
    return {one.repo.pin: one.commit for one in found}


def check_room(found: list[Listing], cache: Path) -> None:
    """Says how much will come, and ends when there is no room for it."""
    cache.mkdir(parents=True, exist_ok=True)
    left = 0
    for one in found:
        here = present(one, cache)
        left += one.size - here
        half = f", {describe(here)} of it here already" if here else ""
        tell(f"{one.repo.name} at {one.commit}: {len(one.files)} files, {describe(one.size)}{half}")
    # A file is copied from the cache into the output before it is removed there.
    largest = max((file.size for one in found for file in one.files), default=0)
    needed, free = left + largest, shutil.disk_usage(cache).free
    if needed + MARGIN > free:
        give_up(
            "not-ready",
            f"{describe(needed)} are needed on the disk of runs/, and {describe(free)} are free there:"
            " make room (`ptb store gc` lists what nothing needs), or move runs/ to a larger disk",
        )


def from_cache(repos: list[Repo], hub: Path) -> dict[str, str]:
    """Copies from the cache that the pipeline's hub.cache names; the commits by pinned name."""
    exposed = os.environ.get("PTB_EXPOSE_HUB")
    if not exposed:
        give_up("not-ready", "offline, and no hub.cache: DIR in the pipeline names a cache to take from")
    shown = os.environ.get("PTB_HUB_CACHE") or exposed
    commits = {}
    for repo in repos:
        try:
            commits[repo.pin] = copy_snapshot(repo, Path(exposed), hub)
        except FileNotFoundError as error:
            kind = "--repo-type dataset " if repo.kind == "dataset" else ""
            give_up(
                "not-ready",
                f"offline, and {shown} does not do: {error.args[0]}; where there is a network: "
                f"hf download {repo.name} {kind}--revision {repo.revision} --cache-dir {shown}",
            )
        tell(f"{repo.name} at {commits[repo.pin]}, from {shown}")
    return commits


def tell(line: str) -> None:
    print(f"fetch: {line}", flush=True)


def give_up(kind: failures.Class, because: str) -> NoReturn:
    print(f"fetch: {because}", file=sys.stderr)
    Path("failure.json").write_text(json.dumps({"class": kind, "because": because}), encoding="utf-8")
    sys.exit(TRY_AGAIN if kind == "temporary" else 1)


if __name__ == "__main__":
    sys.exit(main())
