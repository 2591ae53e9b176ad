"""The files of an agent's work folder, in portions that several processes can look through."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from unpack import CHUNK, OVERLAP, Chunk, Room, Unread, encoded, read_file

# Small files are handed out together: so many, or so many bytes.
FILES_TOGETHER, BYTES_TOGETHER = 512, 8 << 20

# Larger ones are cut into pieces of this many bytes.
PIECE = 64 << 20

# A packed file is opened by one process as a whole.
PACKED = (
    b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04",
    b"PAR1", b"ARROW1", b"\xff\xff\xff\xff",
)  # fmt: skip

# Weights are looked at as weights.
WEIGHTS = (".safetensors",)

# What lies beyond so many files, or so many characters of their names, is not read, and said. Within it the
# stage takes at most about 1 GB of memory (bench/audit/speed.py --files).
MOST_FILES, MOST_CHARACTERS = 1_000_000, 200_000_000


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: where it is, its name relative to the work folder, its size in bytes."""

    # Of a million files a million paths would not fit into the memory.
    place: str
    name: str
    size: int

    @property
    def path(self) -> Path:
        return Path(self.place)


@dataclass(frozen=True)
class Portion:
    """Files to be read whole; or, of a large text file, the piece that begins at `begin`."""

    files: tuple[File, ...]
    begin: int | None = None


def files_of(folder: Path, skipped: list[tuple[str, str]]) -> Iterator[File]:
    """Regular files below `folder`, in a fixed order.

    Links to folders are not followed; what a link to a file leads to is read where it lies, if that is in
    `folder`. Links out of the folder and unreadable folders are named in `skipped`.
    """
    root = folder.resolve()
    count = characters = 0

    def unreadable(error: OSError) -> None:
        skipped.append((os.path.relpath(error.filename, folder), error.strerror or "cannot be read"))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        # Once a folder: a million files are a million names to make.
        below = os.path.relpath(parent, folder)
        prefix = "" if below == "." else f"{below}/"
        for name in folders:
            path = Path(parent, name)
            if path.is_symlink() and not _inside(path, root):
                skipped.append(
                    (path.relative_to(folder).as_posix(), "a link that leads out of the work folder")
                )
        for name in sorted(names):
            full = f"{parent}/{name}"
            own = f"{prefix}{name}".replace("\ufffd", "?")
            try:
                found = os.lstat(full)
                if stat.S_ISLNK(found.st_mode):
                    if not _inside(Path(full), root):
                        skipped.append((own, "a link that leads out of the work folder"))
                    continue
            except OSError as error:
                skipped.append((own, error.strerror or "cannot be read"))
                continue
            # Pipes and sockets are not even opened: that would wait forever.
            if not stat.S_ISREG(found.st_mode):
                continue
            count += 1
            characters += len(full) + len(own)
            if count > MOST_FILES or characters > MOST_CHARACTERS:
                what = (
                    f"{MOST_FILES} files" if count > MOST_FILES else f"{MOST_CHARACTERS} characters of names"
                )
                skipped.append((own, f"more than {what}: this one and the rest were not read"))
                return
            yield File(full, own, found.st_size)


def _inside(link: Path, root: Path) -> bool:
    try:
        return root in link.resolve().parents
    except (OSError, RuntimeError):
        return False


def agents_files(files: Iterable[File], laid_out: dict[str, str]) -> Iterator[File]:
    """Without what was laid out and is unchanged: it is not the agent's. And without weights."""
    for file in files:
        if file.name in laid_out and _digest(file.path) == laid_out[file.name]:
            continue
        if not file.name.endswith(WEIGHTS):
            yield file


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            digest = sha256()
            while block := stream.read(CHUNK):
                digest.update(block)
        return digest.hexdigest()
    except OSError:
        return None


def portions(files: Iterable[File]) -> Iterator[Portion]:
    """Work for one process at a time, each portion of at most about PIECE bytes unless it is packed."""
    together: list[File] = []
    size = 0
    for file in files:
        if file.size > PIECE and not _is_packed(file.path):
            yield from (Portion((file,), begin) for begin in range(0, file.size, PIECE))
            continue
        together.append(file)
        size += file.size
        if len(together) >= FILES_TOGETHER or size >= BYTES_TOGETHER:
            yield Portion(tuple(together))
            together, size = [], 0
    if together:
        yield Portion(tuple(together))


def _is_packed(path: Path) -> bool:
    """Also true of a binary file: only its ends may be worth reading."""
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError:
        return True
    return head.startswith(PACKED) or head[257:262] == b"ustar" or b"\0" in head


def chunks(portion: Portion, unread: Unread) -> Iterator[Chunk]:
    """What a portion holds. The lines of a piece are counted from its own beginning, as line 1."""
    if portion.begin is None:
        for file in portion.files:
            yield from read_file(file.path, file.name, unread)
        return
    (file,) = portion.files
    room = Room(PIECE)
    with file.path.open("rb") as stream:
        end = portion.begin + PIECE
        stream.seek(max(0, portion.begin - OVERLAP))
        carried = stream.read(portion.begin - stream.tell())
        line = 1 - carried.count(b"\n")
        while stream.tell() < end and (data := stream.read(min(CHUNK, end - stream.tell()))):
            chunk = carried + data
            yield Chunk(file.name, chunk, line)
            yield from encoded(file.name, chunk, line, 0, room, unread)
            carried = chunk[-OVERLAP:]
            line += chunk.count(b"\n", 0, len(chunk) - len(carried))


def lines_in(portion: Portion) -> int:
    """Line breaks in a piece: how far the next piece's lines are moved."""
    (file,) = portion.files
    assert portion.begin is not None
    left, lines = PIECE, 0
    with file.path.open("rb") as stream:
        stream.seek(portion.begin)
        while left > 0 and (data := stream.read(min(CHUNK, left))):
            left -= len(data)
            lines += data.count(b"\n")
    return lines
