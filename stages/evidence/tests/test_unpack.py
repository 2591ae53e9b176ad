from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import unpack
import zstandard
from pyarrow import ipc, parquet
from unpack import Unread, read_file
from work import FILES_TOGETHER, agents_files, files_of, portions

NEEDLE = b"the needle in the haystack"
TEXT = b"some hay\n" * 40 + NEEDLE + b"\nmore hay\n" * 40


def read(path: Path) -> tuple[dict[str, bytes], Unread]:
    unread = Unread()
    parts: dict[str, bytes] = {}
    for chunk in read_file(path, path.name, unread):
        parts[chunk.name] = parts.get(chunk.name, b"") + chunk.data
    return parts, unread


def zipped(data: bytes, name: str = "inner.txt") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def tarred(data: bytes, name: str = "inner.txt") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def table(data: bytes) -> pa.Table:
    return pa.table({"question": ["hay", data.decode()], "nested": [[{"role": "user"}], [{"role": "x"}]]})


def as_parquet(data: bytes) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(table(data), stream, compression="zstd")
    return stream.getvalue()


def as_arrow(data: bytes, new: Callable[..., ipc.RecordBatchStreamWriter]) -> bytes:
    stream = io.BytesIO()
    with new(stream, table(data).schema) as writer:
        writer.write_table(table(data))
    return stream.getvalue()


PACKED: dict[str, bytes] = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "zip": zipped(TEXT),
    "tar": tarred(TEXT),
    "tar.gz": gzip.compress(tarred(TEXT)),
    "tar.zst": zstandard.compress(tarred(TEXT)),
    "zip in zip": zipped(zipped(TEXT)),
    "parquet": as_parquet(NEEDLE),
    "parquet.zst": zstandard.compress(as_parquet(NEEDLE)),
    "parquet in zip": zipped(as_parquet(NEEDLE)),
    "arrow stream": as_arrow(NEEDLE, ipc.new_stream),
    "arrow file": as_arrow(NEEDLE, ipc.new_file),
    "base64": b'X = "' + base64.b64encode(TEXT) + b'"\n',
    "base64 in lines": base64.encodebytes(TEXT),
    "url-safe base64": base64.urlsafe_b64encode(TEXT + bytes(range(250, 256))),
    "gzip in base64": base64.b64encode(
        gzip.compress(TEXT + bytes(random.Random(1).choices(range(32, 127), k=200)))
    ),
    "hexadecimal": b"data = '" + TEXT.hex().encode() + b"'",
    "base64 in a notebook": json.dumps({"cells": [base64.b64encode(TEXT).decode()]}).encode(),
    "zeros around it": b"\0" * 1000 + TEXT + b"\0" * 1000,
}


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED.keys())
def test_opens(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    parts, unread = read(tmp_path / "file")
    assert any(NEEDLE in part for part in parts.values())
    assert (unread.files, unread.cut) == ([], [])


def test_a_row_of_a_table_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(as_parquet(NEEDLE))
    parts, _ = read(tmp_path / "t.parquet")
    assert parts["t.parquet"].split(b"\n")[1].startswith(NEEDLE)


def test_long_base64_is_read_beyond_the_first_chunk(tmp_path: Path) -> None:
    random.seed(1)
    hay = " ".join(str(random.random()) for _ in range(200_000)).encode()
    (tmp_path / "file").write_bytes(b"x" + base64.b64encode(hay + NEEDLE + hay))
    parts, _ = read(tmp_path / "file")
    assert any(NEEDLE in part for part in parts.values())


BROKEN: dict[str, bytes] = {
    "cut gzip": gzip.compress(os.urandom(5000))[:2000],
    "cut xz": lzma.compress(os.urandom(5000))[:2000],
    "cut bzip2": bz2.compress(os.urandom(5000))[:2000],
    "cut zip": zipped(os.urandom(5000))[:2000],
    "cut tar": tarred(os.urandom(5000))[:2000],
    "cut parquet": as_parquet(NEEDLE)[:200],
    "cut arrow": as_arrow(NEEDLE, ipc.new_file)[:200],
    "no parquet": b"PAR1" + os.urandom(500),
    "no arrow": b"\xff\xff\xff\xff" + os.urandom(500),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_damaged_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    _, unread = read(tmp_path / "file")
    assert len(unread.files) + len(unread.cut) == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress, zipped])
def test_a_bomb_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(unpack, "LEAST_ROOM", 4 << 20)
    (tmp_path / "file").write_bytes(pack(pack(bytes(64 << 20))))
    parts, unread = read(tmp_path / "file")
    assert sum(map(len, parts.values())) <= 6 << 20
    assert [because for _, because in unread.cut] == [
        "unpacks to far more than its size; the rest was not read"
    ]


def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    data = TEXT
    for _ in range(9):
        data = zipped(data)
    (tmp_path / "file").write_bytes(data)
    _, unread = read(tmp_path / "file")
    assert "deep" in unread.files[0][1]


def test_without_the_libraries_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    (tmp_path / "a").write_bytes(as_parquet(NEEDLE))
    (tmp_path / "b").write_bytes(zstandard.compress(TEXT))
    (tmp_path / "c").write_bytes(as_arrow(NEEDLE, ipc.new_file))
    assert read(tmp_path / "a")[1].files == [("a", "could not read parquet: no pyarrow")]
    assert read(tmp_path / "b")[1].files == [("b", "could not read zstd: no zstandard")]
    assert NEEDLE in read(tmp_path / "c")[0]["c"]


def test_a_large_binary_file_is_read_at_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LONGEST_BINARY", 8 << 20)
    monkeypatch.setattr(unpack, "BINARY_ENDS", 1 << 20)
    (tmp_path / "file").write_bytes(NEEDLE + bytes(20 << 20) + NEEDLE[::-1])
    parts, unread = read(tmp_path / "file")
    assert NEEDLE in parts["file"] and NEEDLE[::-1] in parts["file"] and len(parts["file"]) < 5 << 20
    assert len(unread.cut) == 1


def test_links_out_of_the_folder_are_named_and_not_read(tmp_path: Path) -> None:
    outside, task = tmp_path / "outside", tmp_path / "task"
    outside.mkdir()
    (outside / "secret.txt").write_text("x")
    task.mkdir()
    (task / "own.txt").write_text("y")
    (task / "to-own").symlink_to("own.txt")
    (task / "to-file").symlink_to(outside / "secret.txt")
    (task / "to-folder").symlink_to(outside)
    (task / "dangling").symlink_to("nowhere")
    (task / "loop").symlink_to(task)
    os.mkfifo(task / "pipe")
    skipped: list[tuple[str, str]] = []
    assert [file.name for file in files_of(task, skipped)] == ["own.txt"]
    assert sorted(name for name, _ in skipped) == ["loop", "to-file", "to-folder"]


def test_many_small_files_are_handed_out_together(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"{number}.txt").write_text("x")
    (tmp_path / "model.safetensors").write_text("x")
    work = list(portions(agents_files(files_of(tmp_path, []), {})))
    assert [len(portion.files) for portion in work] == [512, 512, 176]


def test_many_files_are_streamed(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / str(folder)).mkdir()
        for number in range(500):
            (tmp_path / str(folder) / f"{number}.txt").touch()
    skipped: list[tuple[str, str]] = []
    files = files_of(tmp_path, skipped)
    assert next(files).name == "0/0.txt"
    work = list(portions(agents_files(files, {})))
    assert sum(len(portion.files) for portion in work) == 9_999
    assert max(len(portion.files) for portion in work) == FILES_TOGETHER
    assert skipped == []


def test_beyond_a_bound_files_are_counted_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("work.MOST_FILES", 3)
    for number in range(9):
        (tmp_path / f"{number}.txt").touch()
    skipped: list[tuple[str, str]] = []
    assert [file.name for file in files_of(tmp_path, skipped)] == ["0.txt", "1.txt", "2.txt"]
    assert skipped == [("3.txt", "more than 3 files: this one and the rest were not read")]
    skipped.clear()
    monkeypatch.setattr("work.MOST_FILES", 100)
    monkeypatch.setattr("work.MOST_CHARACTERS", 2 * len(f"{tmp_path}/0.txt0.txt"))
    assert [file.name for file in files_of(tmp_path, skipped)] == ["0.txt", "1.txt"]
    assert [because.split(":")[0].split()[-2:] for _, because in skipped] == [["of", "names"]]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")).write_bytes(NEEDLE)
    (file,) = files_of(tmp_path, [])
    (chunk,) = read_file(file.path, file.name, Unread())
    assert chunk.data == NEEDLE
