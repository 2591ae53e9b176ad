"""What a file holds, as chunks of bytes: compressed files, archives, tables and encoded texts opened, within
limits."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol, cast

import numpy as np

# How much is looked at at once, and how much of it again with the next chunk, so that nothing hides on a
# border.
CHUNK = 1 << 20
OVERLAP = 1 << 14

# Archives in archives that are opened, and members of one archive.
DEEPEST = 4
MOST_MEMBERS = 100_000

# A packed file may grow to this many times its size, and to the first number of bytes in any case: text packs
# to a tenth or a fiftieth, a bomb to a thousandth or less.
MOST_GROWTH = 100
LEAST_ROOM, MOST_ROOM = 64 << 20, 4 << 30

# Binary files beyond this size (caches, optimizer states) are read at both ends only.
LONGEST_BINARY, BINARY_ENDS = 256 << 20, 32 << 20

# Encoded text shorter than this, in characters, holds no item worth the name.
LEAST_ENCODED = 120

HEAD = 512


class Stream(Protocol):
    """What is read from: a file, a member of an archive, what a packed stream gives."""

    def read(self, size: int = ..., /) -> bytes: ...
    def seekable(self) -> bool: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


@dataclass(frozen=True)
class Chunk:
    """A part of a file; the first byte stands on `line`. Parts overlap by at most OVERLAP bytes."""

    name: str
    data: bytes
    line: int


@dataclass
class Unread:
    """Collects what could not be read: name and why. `logs`: evaluation logs, which hold test items by
    nature."""

    files: list[tuple[str, str]] = field(default_factory=list)
    cut: list[tuple[str, str]] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)


class Room:
    """How much a top-level file may still grow to."""

    def __init__(self, size: int) -> None:
        self.left = min(MOST_ROOM, max(LEAST_ROOM, size * MOST_GROWTH))

    def take(self, data: bytes) -> bytes:
        """Raises TooLarge when nothing is left."""
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge
        return data


class TooLarge(Exception):
    """Unpacked, it is too large."""


BROKEN = (
    OSError, EOFError, ValueError, KeyError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
    NotImplementedError, RuntimeError, MemoryError, RecursionError, OverflowError, IndexError,
)  # fmt: skip


def read_file(path: Path, name: str, unread: Unread) -> Iterator[Chunk]:
    """All chunks of a file and of what is packed in it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            yield from _contents(name, stream, 0, Room(size), unread, size)
    except OSError as error:
        unread.files.append((name, error.strerror or "cannot be read"))


def _contents(
    name: str, stream: Stream, depth: int, room: Room, unread: Unread, size: int | None = None
) -> Iterator[Chunk]:
    head = stream.read(HEAD)
    opener = next((opener for magic, at, opener in _OPENERS if head[at : at + len(magic)] == magic), None)
    if opener is None:
        yield from _plain(name, head, stream, depth, room, unread, size)
        return
    if depth >= DEEPEST:
        unread.files.append((name, f"an archive in an archive, more than {DEEPEST} deep"))
        return
    try:
        yield from opener(name, _rewound(head, stream, room), depth + 1, room, unread)
    except TooLarge:
        if depth > 0:
            raise
        unread.cut.append((name, "unpacks to far more than its size; the rest was not read"))
    except _Missing as error:
        unread.files.append((name, str(error)))
    except BROKEN as error:
        if not (name.endswith(".arrow") and opener is _arrow):
            unread.cut.append(
                (name, f"is damaged ({' '.join(str(error).split())[:80]}); the rest was not read")
            )


class _Missing(Exception):
    """A library that would be needed."""


def _rewound(head: bytes, stream: Stream, room: Room) -> Stream:
    """The stream from its start; what cannot seek is copied aside."""
    if stream.seekable():
        stream.seek(-len(head), io.SEEK_CUR)
        return stream
    aside = tempfile.SpooledTemporaryFile(max_size=CHUNK * 16)  # noqa: SIM115
    aside.write(room.take(head))
    while data := stream.read(CHUNK):
        aside.write(room.take(data))
    aside.seek(0)
    return cast(Stream, aside)


def _plain(
    name: str, head: bytes, stream: Stream, depth: int, room: Room, unread: Unread, size: int | None
) -> Iterator[Chunk]:
    if _is_log(head):
        unread.logs.append(name)
        return
    ends = size is not None and size > LONGEST_BINARY and b"\0" in head
    line, carried, read = 1, b"", 0
    while True:
        data = head + stream.read(CHUNK - len(head))
        head = b""
        if not data:
            return
        if depth > 0:
            room.take(data)
        read += len(data)
        chunk = carried + data
        yield Chunk(name, chunk, line)
        yield from encoded(name, chunk, line, depth, room, unread)
        carried = chunk[-OVERLAP:]
        line += chunk.count(b"\n", 0, len(chunk) - len(carried))
        if ends and read >= BINARY_ENDS and size is not None:
            unread.cut.append((name, "a large binary file: only its ends were read"))
            stream.seek(max(stream.tell(), size - BINARY_ENDS))
            ends, carried = False, b""


def _is_log(head: bytes) -> bool:
    """A log of inspect-ai as JSON begins with its version and status."""
    start = head.lstrip()[:200]
    return start.startswith(b"{") and b'"version"' in start and b'"status"' in start and b'"eval"' in start


def _stream(open_: Callable[[IO[bytes]], _Reader]) -> _Opener:
    def contents(name: str, stream: Stream, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
        # A tar is read member by member from a compressed stream as from a file.
        yield from _contents(name, _OneWay(open_(cast(IO[bytes], stream))), depth, room, unread)

    return contents


class _Reader(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _OneWay(io.RawIOBase):
    """A decompressing stream: seeking in it would mean to unpack again from the start."""

    def __init__(self, inner: Stream | _Reader) -> None:
        super().__init__()
        self._inner = inner

    def read(self, size: int = -1, /) -> bytes:
        parts = []
        try:
            while size > 0 and (part := self._inner.read(size)):
                parts.append(part)
                size -= len(part)
        except BROKEN:
            # What stands before the damage is read; the next call meets it again.
            if not parts:
                raise
        return b"".join(parts)

    def readable(self) -> bool:
        return True


def _zstd(stream: IO[bytes]) -> _Reader:
    try:
        import zstandard
    except ImportError as error:
        raise _Missing("could not read zstd: no zstandard") from error
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)


def _zip(name: str, stream: Stream, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    with zipfile.ZipFile(cast(IO[bytes], stream)) as archive:
        members = archive.infolist()
        if any(member.filename in ("header.json", "_journal/start.json") for member in members):
            unread.logs.append(name)
            return
        if len(members) > MOST_MEMBERS:
            unread.cut.append((name, f"has more than {MOST_MEMBERS} members"))
        for member in members[:MOST_MEMBERS]:
            if member.is_dir():
                continue
            inner = f"{name}!{member.filename}"
            try:
                with archive.open(member) as opened:
                    yield from _contents(inner, _OneWay(opened), depth, room, unread)
            except BROKEN as error:
                unread.files.append((inner, f"cannot be read ({' '.join(str(error).split())[:80]})"))


def _tar(name: str, stream: Stream, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as archive:
        for count, member in enumerate(archive):
            if count >= MOST_MEMBERS:
                unread.cut.append((name, f"has more than {MOST_MEMBERS} members"))
                return
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None:
                with opened:
                    yield from _contents(f"{name}!{member.name}", _OneWay(opened), depth, room, unread)


def _parquet(name: str, stream: Stream, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise _Missing("could not read parquet: no pyarrow") from error
    with parquet.ParquetFile(stream) as table:
        yield from _rows(name, table.iter_batches(batch_size=512), depth, room, unread)


def _arrow(name: str, stream: Stream, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    try:
        from pyarrow import ipc
    except ImportError:
        # What is not compressed in it is text as it is.
        data = stream.read(HEAD)
        yield from _plain(name, data, stream, depth, room, unread, None)
        return
    magic = stream.read(6)
    stream.seek(-6, io.SEEK_CUR)
    if magic == b"ARROW1":
        with ipc.open_file(stream) as reader:
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
            yield from _rows(name, batches, depth, room, unread)
    else:
        with ipc.open_stream(stream) as reader:
            yield from _rows(name, reader, depth, room, unread)


def _rows(name: str, batches: Any, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    """Tables: a row is a line. Raises pyarrow's errors, which are ValueErrors, OSErrors or KeyErrors."""
    line = 1
    for batch in batches:
        for start in range(0, batch.num_rows, 512):
            rows = batch.slice(start, 512).to_pylist()
            data = b"\n".join(_cells(row) for row in rows) + b"\n"
            for at in range(0, len(data), CHUNK):
                part = room.take(data[max(0, at - OVERLAP) : at + CHUNK])
                yield Chunk(name, part, line + data.count(b"\n", 0, max(0, at - OVERLAP)))
            yield from encoded(name, data, line, depth, room, unread)
            line += len(rows)


def _cells(value: Any) -> bytes:
    if isinstance(value, dict):
        return b" ; ".join(_cells(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return b" ; ".join(map(_cells, value))
    if isinstance(value, bytes):
        return value.replace(b"\n", b" ") if b"\0" not in value[:HEAD] else b""
    return b"" if value is None else str(value).replace("\n", " ").encode("utf-8", errors="replace")


_Opener = Callable[[str, Stream, int, Room, Unread], Iterator[Chunk]]

_OPENERS: list[tuple[bytes, int, _Opener]] = [
    (b"\x1f\x8b", 0, _stream(lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"))),
    (b"BZh", 0, _stream(bz2.BZ2File)),
    (b"\xfd7zXZ\0", 0, _stream(lzma.LZMAFile)),
    (b"\x28\xb5\x2f\xfd", 0, _stream(_zstd)),
    (b"PK\x03\x04", 0, _zip),
    (b"ustar", 257, _tar),
    (b"PAR1", 0, _parquet),
    (b"ARROW1", 0, _arrow),
    (b"\xff\xff\xff\xff", 0, _arrow),
]

# 0 for what can stand in base64, 1 for a line break, 2 for all else.
_ENCODED = bytes(
    0 if (chr(byte).isalnum() and byte < 128) or byte in b"+/=-_" else 1 if byte in b"\r\n" else 2
    for byte in range(256)
)


def encoded(name: str, data: bytes, line: int, depth: int, room: Room, unread: Unread) -> Iterator[Chunk]:
    """What stands in `data` as base64 or hexadecimal digits, where that is text or a packed file."""
    if depth >= DEEPEST:
        return
    kinds = np.frombuffer(data.translate(_ENCODED), dtype=np.uint8)
    borders = np.concatenate([[-1], np.flatnonzero(kinds == 2), [len(kinds)]])
    for place in np.flatnonzero(np.diff(borders) > LEAST_ENCODED).tolist():
        begin, end = int(borders[place]) + 1, int(borders[place + 1])
        lines = data[begin:end].split()
        for run in _joined(lines):
            decoded = _decode(run)
            if decoded is None:
                continue
            at = line + data.count(b"\n", 0, begin)
            inner = f"{name}!line {at}, decoded"
            yield from _contents(inner, _OneWay(io.BytesIO(room.take(decoded))), depth + 1, room, unread)


def _joined(lines: list[bytes]) -> list[bytes]:
    """Encoders break lines at a fixed width; other lines are texts of their own."""
    if len(lines) > 2 and len({len(line) for line in lines[:-1]}) == 1 and len(lines[0]) >= 60:
        return [b"".join(lines)]
    return [line for line in lines if len(line) >= LEAST_ENCODED]


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_TEXT = bytes(1 if 32 <= byte < 127 or byte in b"\t\n\r" else 0 for byte in range(256))


def _decode(run: bytes) -> bytes | None:
    """None for anything but text and packed files. A run that a chunk's border cut does not begin with a
    whole group of characters, so each place is tried."""
    run = run.strip(b"=").translate(_URL_SAFE)
    if not run[:LEAST_ENCODED].strip(b"0123456789abcdefABCDEF"):
        places, size, decode = 2, 2, binascii.unhexlify
    else:
        places, size, decode = 4, 4, base64.b64decode
    for start in range(places):
        rest = (len(run) - start) % size
        # One character alone is no byte; two and three are, once they are padded.
        whole = run[start:] + b"=" * (size - rest) if rest > 1 else run[start : len(run) - rest]
        try:
            head = decode(whole[:HEAD])
            if _is_packed(head) or sum(head.translate(_TEXT)) > 0.9 * len(head):
                return decode(whole)
        except ValueError:
            continue
    return None


def _is_packed(head: bytes) -> bool:
    return any(head[at : at + len(magic)] == magic for magic, at, _ in _OPENERS)
