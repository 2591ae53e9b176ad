"""What went wrong with the hub, as the pipeline tells failures apart, and the way out in one line."""

from __future__ import annotations

import difflib
import errno
import os
from typing import Any, Literal

from repository import DamagedError, Kind, Repo, library

Class = Literal["temporary", "not-ready", "failed"]


def explain(error: BaseException, repo: Repo) -> tuple[Class, str]:
    """`temporary`: try again; `not-ready`: somebody must do something first; `failed`: the input is wrong.

    Raises the error itself when it is none of the hub's, the network's or the disk's.
    """
    error = _origin(error)
    name = type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    token = "HF_TOKEN" if os.environ.get("HF_TOKEN") else None
    if name == "GatedRepoError":
        who = "with the account of HF_TOKEN" if token else "and set HF_TOKEN to a token of that account"
        return "not-ready", f"{repo.name} is gated: accept its licence at {page(repo)} {who}"
    if name == "RepositoryNotFoundError":
        private = "; a private one needs HF_TOKEN" if token is None else ""
        return "failed", f"{repo.name}: there is no such {repo.kind} on the hub{_near(repo)}{private}"
    if name == "RevisionNotFoundError":
        return "failed", f"{repo.name} has no revision {repo.revision}; its revisions: {page(repo)}/commits"
    if name == "DisabledRepoError":
        return "failed", f"{repo.name} was disabled by the hub: {page(repo)}"
    if name == "HFValidationError":
        return "failed", f"{repo.name}: {error}"
    if status == 401:
        return "not-ready", "the hub does not accept HF_TOKEN: make a new one at its settings/tokens page"
    if status == 403:
        return "not-ready", f"{repo.name}: HF_TOKEN does not give access to it: {page(repo)}"
    if isinstance(status, int):
        kind: Class = "temporary" if status in (408, 429) or status >= 500 else "failed"
        return kind, f"{repo.name}: the hub answers {status}"
    if isinstance(error, DamagedError):
        return "temporary", str(error)
    if name == "SSLError":
        return "not-ready", f"the hub's certificate is not accepted: set SSL_CERT_FILE ({error})"
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "not-ready", "the disk is full; what came stays, and the next try goes on from there"
        if error.errno is None or name in ("ConnectionError", "ProxyError", "ReadTimeout", "ConnectTimeout"):
            return "temporary", f"{repo.name}: {name}: {_short(error)}"
    raise error


def page(repo: Repo) -> str:
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return f"{endpoint}/{'datasets/' if repo.kind == 'dataset' else ''}{repo.name}"


def _origin(error: BaseException) -> BaseException:
    """huggingface_hub reports what kept it from a file as a file that is not in the cache."""
    while type(error).__name__ == "LocalEntryNotFoundError" and error.__cause__ is not None:
        error = error.__cause__
    return error


def _near(repo: Repo) -> str:
    """The hub's own search, if it answers: a wrong name is mostly a misspelt one."""
    try:
        found = difflib.get_close_matches(repo.name, _search(repo.kind, repo.name.rpartition("/")[2]), 1)
    except OSError:
        return ""
    return f"; did you mean {found[0]}?" if found else ""


def _search(kind: Kind, text: str) -> list[str]:
    api: Any = library().HfApi()
    ask = api.list_models if kind == "model" else api.list_datasets
    return [one.id for one in ask(search=text, limit=20)]


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:300] if str(error) else "no answer"
