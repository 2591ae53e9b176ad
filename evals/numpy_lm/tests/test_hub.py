"""The hub cache: what is published is found, under a name made of its content."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from numpy_lm.hub import HubError, content_revision, default_hub, publish, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True, mode=0o700)
    (source / "a.txt").write_text("a")
    (source / "sub" / "b.txt").write_text("b")
    source.chmod(0o700)
    return source


def test_published_then_found(folder: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    made = publish(folder, "org/name.1", "models", hub)
    assert made == hub / "models--org--name.1" / "snapshots" / content_revision(folder)
    assert snapshot("org/name.1", "models", hub) == made
    assert len(made.name) == 40
    assert (made / "sub" / "b.txt").read_text() == "b"
    assert stat.S_IMODE(made.stat().st_mode) == 0o755
    with pytest.raises(HubError, match=r"org/name\.1: not among the datasets in"):
        snapshot("org/name.1", "datasets", hub)


def test_again_changes_nothing_and_an_edit_moves_main(folder: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    first = publish(folder, "o/n", "datasets", hub)
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    assert publish(folder, "o/n", "datasets", hub) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before
    (folder / "a.txt").write_text("A")
    second = publish(folder, "o/n", "datasets", hub)
    assert second != first and snapshot("o/n", "datasets", hub) == second
    assert sorted(path.name for path in (hub / "datasets--o--n").iterdir()) == ["refs", "snapshots"]
    assert [path.name for path in (hub / "datasets--o--n" / "refs").iterdir()] == ["main"]


def test_the_revision_is_of_names_and_bytes(folder: Path) -> None:
    before = content_revision(folder)
    (folder / "a.txt").rename(folder / "c.txt")
    assert content_revision(folder) != before


@pytest.mark.parametrize("repo", ["", "name", "a/b/c", "../x", "a/..", "/a", "a b/c", "a/b\n"])
def test_names_that_cannot_be_repositories(repo: str, tmp_path: Path) -> None:
    with pytest.raises(HubError):
        snapshot(repo, "models", tmp_path)


def test_a_reference_without_files(tmp_path: Path) -> None:
    refs = tmp_path / "models--o--n" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("0" * 40)
    with pytest.raises(HubError, match="names a revision without files"):
        snapshot("o/n", "models", tmp_path)


def test_where_the_hub_is() -> None:
    assert default_hub({"HF_HUB_CACHE": "/c", "HF_HOME": "/h"}) == Path("/c")
    assert default_hub({"HF_HOME": "/h"}) == Path("/h/hub")
    assert default_hub({}) == Path.home() / ".cache/huggingface/hub"
