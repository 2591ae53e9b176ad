"""download.py as a job runs it, with the real huggingface_hub; a stand-in on this machine for the hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub_stand_in import serve

DOWNLOAD = Path(__file__).resolve().parent.parent / "download.py"
OLD, NEW = "1" * 40, "2" * 40
WEIGHTS = bytes(range(256)) * 4000
# The library writes 10 MiB at a time, so what breaks off earlier leaves nothing.
LONG = bytes(range(256)) * 80_000


@dataclass
class Site:
    """A hub over `folder`, and a place to work in."""

    folder: Path
    url: str
    work: Path

    def repo(self, name: str, files: dict[str, bytes], commit: str = NEW, kind: str = "models") -> None:
        for path, content in files.items():
            file = self.folder / kind / name / commit / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def faults(self, **faults: object) -> None:
        (self.folder / "faults.json").write_text(json.dumps(faults))

    def requests(self) -> list[str]:
        log = self.folder / "requests.log"
        return log.read_text().splitlines() if log.is_file() else []

    def fetch(
        self, *repos: str, kind: str = "model", out: str = "out", **env: str
    ) -> subprocess.CompletedProcess[str]:
        (self.work / out).mkdir(exist_ok=True)
        (self.work / "failure.json").unlink(missing_ok=True)
        return subprocess.run(
            [sys.executable, DOWNLOAD, "--kind", kind, "--hub", self.work / out / "hub", *repos],
            cwd=self.work,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.work),
                "HF_ENDPOINT": self.url,
                "PTB_CACHE": str(self.work / "cache"),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def failure(self) -> tuple[str, str]:
        told = json.loads((self.work / "failure.json").read_text())
        return told["class"], told["because"]

    def model(self, out: str) -> bytes:
        snapshot = self.work / out / "hub/models--org--base/snapshots" / NEW
        return (snapshot / "model.safetensors").read_bytes()

    def pins(self, out: str = "out") -> dict[str, str]:
        pins: dict[str, str] = json.loads((self.work / out / "pins.json").read_text())
        return pins


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder, work = tmp_path / "site", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    server = serve(folder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found = Site(folder, f"http://127.0.0.1:{server.server_address[1]}", work)
    found.repo(
        "org/base",
        {
            "config.json": b"{}",
            "tokenizer.json": b'{"a": 1}',
            "model.safetensors": WEIGHTS,
            "pytorch_model.bin": b"pickled",
            "original/consolidated.00.safetensors": b"again",
            "base.gguf": b"again",
            "README.md": b"# base",
        },
    )
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_what_a_model_is_loaded_from_comes_and_main_names_it(site: Site) -> None:
    ended = site.fetch("org/base@")
    assert ended.returncode == 0, ended.stderr
    repo = site.work / "out/hub/models--org--base"
    snapshot = repo / "snapshots" / NEW
    assert tree(snapshot) == {
        "config.json": b"{}",
        "tokenizer.json": b'{"a": 1}',
        "model.safetensors": WEIGHTS,
    }
    assert all(path.is_symlink() and not path.readlink().is_absolute() for path in snapshot.iterdir())
    assert (repo / "refs/main").read_text() == NEW
    assert site.pins() == {"models/org/base": NEW}
    assert "3 files, 1.0 MB" in ended.stdout
    assert not list((site.work / "cache/hub").glob("models--*"))


def test_huggingface_hub_reads_it_offline(site: Site) -> None:
    assert site.fetch("org/base@").returncode == 0
    code = "from huggingface_hub import snapshot_download as s; print(s('org/base'))"
    env = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(site.work / "out/hub")}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith(f"models--org--base/snapshots/{NEW}")


def test_the_same_commit_gives_the_same_files_however_it_was_named(site: Site) -> None:
    assert site.fetch("org/base@", out="a").returncode == 0
    assert site.fetch(f"org/base@{NEW}", out="b").returncode == 0
    assert tree(site.work / "a") == tree(site.work / "b")


def test_the_lock_counts_and_a_revision_in_the_pipeline_counts_more(site: Site) -> None:
    site.repo("org/base", {"config.json": b"{}", "model.safetensors": b"old"}, commit=OLD)
    pins = json.dumps({"models/org/base": OLD})
    assert site.fetch("org/base@", out="locked", PTB_PINS=pins).returncode == 0
    assert site.pins("locked") == {"models/org/base": OLD}
    assert site.fetch(f"org/base@{NEW}", out="said", PTB_PINS=pins).returncode == 0
    assert site.pins("said") == {"models/org/base": NEW}
    unset = json.dumps({"models/org/base": None})
    assert site.fetch("org/base@", out="newest", PTB_PINS=unset).returncode == 0
    assert site.pins("newest") == {"models/org/base": NEW}


def test_a_data_set_comes_whole(site: Site) -> None:
    files = {"README.md": b"---\n", "main/test.parquet": b"rows", "x.bin": b"y"}
    site.repo("org/data", files, kind="datasets")
    assert site.fetch("org/data@", kind="dataset").returncode == 0
    assert tree(site.work / f"out/hub/datasets--org--data/snapshots/{NEW}") == files
    assert site.pins() == {"datasets/org/data": NEW}


def test_a_download_that_broke_off_goes_on_where_it_stopped(site: Site) -> None:
    site.repo("org/base", {"model.safetensors": LONG})
    site.faults(cut={"model.safetensors": 15_000_000})
    ended = site.fetch("org/base@")
    assert ended.returncode == 75, ended.stderr
    assert site.failure()[0] == "temporary"
    before = len(site.requests())
    ended = site.fetch("org/base@", out="second")
    assert ended.returncode == 0, ended.stderr
    assert "of it here already" in ended.stdout
    gets = [line for line in site.requests()[before:] if line.startswith("GET") and "safetensors" in line]
    assert len(gets) == 1
    start = int(gets[0].rpartition("bytes=")[2].rstrip("-"))
    assert 10_000_000 < start <= 15_000_000
    assert site.model("second") == LONG


def test_a_file_that_came_damaged_is_fetched_anew(site: Site) -> None:
    site.faults(damage=["model.safetensors"])
    assert site.fetch("org/base@").returncode == 75
    assert site.failure() == ("temporary", "org/base: model.safetensors came damaged")
    site.faults()
    assert site.fetch("org/base@", out="second").returncode == 0
    assert site.model("second") == WEIGHTS


def test_two_jobs_may_want_the_same_repository_at_once(site: Site) -> None:
    ended: list[int] = []
    jobs = [
        threading.Thread(target=lambda out=out: ended.append(site.fetch("org/base@", out=out).returncode))
        for out in ("a", "b")
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert ended == [0, 0]
    assert tree(site.work / "a") == tree(site.work / "b")


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        ({"api": 429}, 75, "temporary"),
        ({"api": 503}, 75, "temporary"),
        ({"resolve": 429}, 75, "temporary"),
        ({"api": 410}, 1, "failed"),
    ],
)
def test_what_the_hub_answers(site: Site, answer: dict[str, int], code: int, kind: str) -> None:
    site.faults(answer=answer)
    assert site.fetch("org/base@").returncode == code
    told = site.failure()
    assert told[0] == kind
    assert str(next(iter(answer.values()))) in told[1]


def test_no_hub_at_all_is_temporary(site: Site) -> None:
    assert site.fetch("org/base@", HF_ENDPOINT="http://127.0.0.1:9").returncode == 75
    assert site.failure()[0] == "temporary"


def test_a_gated_repository_says_which_licence_to_accept(site: Site) -> None:
    site.faults(gated=["org/base"], tokens=["good"])
    assert site.fetch("org/base@").returncode == 1
    assert site.failure() == (
        "not-ready",
        f"org/base is gated: accept its licence at {site.url}/org/base "
        "and set HF_TOKEN to a token of that account",
    )
    assert site.fetch("org/base@", out="b", HF_TOKEN="good").returncode == 0
    assert site.fetch("org/base@", out="c", HF_TOKEN="bad").returncode == 1
    assert site.failure()[0] == "not-ready"
    assert "does not accept HF_TOKEN" in site.failure()[1]


def test_a_token_without_access_is_told_the_licence_too(site: Site) -> None:
    site.repo("org/other", {"config.json": b"{}", "model.safetensors": b"w"})
    site.faults(gated=["org/other"], tokens=[])
    assert site.fetch("org/other@").returncode == 1
    assert f"{site.url}/org/other" in site.failure()[1]


def test_a_misspelt_name_and_an_unknown_revision(site: Site) -> None:
    assert site.fetch("org/basse@").returncode == 1
    kind, because = site.failure()
    assert kind == "failed"
    assert because.startswith("org/basse: there is no such model on the hub; did you mean org/base?")
    assert site.fetch("org/base@v9").returncode == 1
    assert site.failure()[1].startswith("org/base has no revision v9")


def test_no_room_is_said_before_anything_comes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import download

    monkeypatch.setenv("HF_ENDPOINT", site.url)
    monkeypatch.chdir(site.work)
    from repository import File, Listing, Repo

    huge = Listing(Repo("model", "org/huge", "main"), NEW, [File("model.safetensors", 10**17, "f" * 64)])
    with pytest.raises(SystemExit):
        download.check_room([huge], site.work / "cache")
    kind, because = site.failure()
    assert kind == "not-ready"
    assert because.startswith("200000.0 TB are needed on the disk of runs/, and ")


def cache_of(site: Site) -> str:
    """A cache as somebody has it who used huggingface_hub before."""
    cache = site.work / "theirs"
    code = f"from huggingface_hub import snapshot_download as s; s('org/base', cache_dir={str(cache)!r})"
    env = {"PATH": os.environ["PATH"], "HOME": str(site.work), "HF_ENDPOINT": site.url}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)
    return str(cache)


def test_offline_all_comes_from_the_cache_that_is_there(site: Site) -> None:
    assert site.fetch("org/base@", out="online").returncode == 0
    cache = cache_of(site)
    before = len(site.requests())
    for offline in ({"PTB_HUB_OFFLINE": "true"}, {"HF_HUB_OFFLINE": "1"}):
        out = next(iter(offline))
        ended = site.fetch("org/base@", out=out, PTB_EXPOSE_HUB=cache, **offline)
        assert ended.returncode == 0, ended.stderr
        assert tree(site.work / out) == tree(site.work / "online")
    assert len(site.requests()) == before


def test_offline_what_is_not_there_is_named_with_the_command_that_brings_it(site: Site) -> None:
    assert site.fetch("org/base@", HF_HUB_OFFLINE="1").returncode == 1
    assert "no hub.cache" in site.failure()[1]
    cache = cache_of(site)
    env = {"HF_HUB_OFFLINE": "1", "PTB_EXPOSE_HUB": cache, "PTB_HUB_CACHE": "/data/hub"}
    assert site.fetch("org/none@", **env).returncode == 1
    assert site.failure() == (
        "not-ready",
        "offline, and /data/hub does not do: org/none is not in it; where there is a network: "
        "hf download org/none --revision main --cache-dir /data/hub",
    )
    assert site.fetch(f"org/base@{OLD}", **env).returncode == 1
    assert f"not at {OLD}" in site.failure()[1]
    (Path(cache) / f"models--org--base/snapshots/{NEW}/model.safetensors").resolve().unlink()
    assert site.fetch("org/base@", **env).returncode == 1
    assert "lacks model.safetensors" in site.failure()[1]
