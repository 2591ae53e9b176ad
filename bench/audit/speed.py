"""How fast weights are compared and text is scanned, beside how fast this disk reads the same files; and what
the stage `evidence` takes for a folder of very many files.

python3 bench/audit/speed.py [--pair-gb 2] [--text-gb 1] [--files 1000000] [--to docs/audit.md]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "stages" / "evidence")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import index  # noqa: E402
import made_texts  # noqa: E402
import numpy as np  # noqa: E402
from compare import Triple, compare, match  # noqa: E402
from contamination import find_contamination  # noqa: E402
from safetensors_file import convert, read_checkpoint  # noqa: E402
from suite import Bench, insert, machine  # noqa: E402
from work import files_of  # noqa: E402

GB = 10**9
JOBS = 2


def write_model(folder: Path, size: int, seed: int) -> Path:
    """A checkpoint in bfloat16 of about `size` bytes, tensors of 64 MB."""
    folder.mkdir()
    side = 1 << 12
    count = max(1, size // (side * 2 * side * 2))
    rng = np.random.default_rng(seed)
    names = [f"model.layers.{number}.mlp.up_proj.weight" for number in range(count)]
    stored = 2 * side * 2 * side
    header = {
        name: {"dtype": "BF16", "shape": [2 * side, side], "data_offsets": [n * stored, (n + 1) * stored]}
        for n, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        values = rng.standard_normal(2 * side * side).astype("f4") * np.float32(0.02)
        for number in range(count):
            stream.write(convert(np.roll(values, number * 997 + seed), "F32", "BF16").tobytes())
        stream.flush()
        os.fsync(stream.fileno())
    return folder


def forget(files: list[Path]) -> None:
    """Takes the files out of the page cache."""
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_rate(files: list[Path]) -> float:
    """Bytes per second of reading them from disk, one after the other."""
    forget(files)
    began = time.monotonic()
    size = 0
    for file in files:
        with file.open("rb", buffering=0) as stream:
            while data := stream.read(4 << 20):
                size += len(data)
    return size / (time.monotonic() - began)


def compare_rate(folders: list[Path]) -> tuple[float, float]:
    """Bytes per second of comparing two checkpoints, and the most memory in bytes that this process ever
    had: it is to be a fresh one."""
    files = [folder / "model.safetensors" for folder in folders]
    forget(files)
    began = time.monotonic()
    final, base = (read_checkpoint(folder).tensors for folder in folders)
    counterparts = match(final, base)
    triples = [Triple(tensor, counterparts[name], None) for name, tensor in final.items()]
    assert all(one is not None for one in compare(triples, JOBS).values())
    rate = sum(file.stat().st_size for file in files) / (time.monotonic() - began)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_texts(folder: Path, size: int) -> None:
    """JSON lines, as agents leave them; in a few large files and many small ones."""
    folder.mkdir()
    rng = random.Random(4)
    block = made_texts.rows(made_texts.benchmark(made_texts.word_problem, 77, 0, 2000).train).encode()
    for number in range(8):
        with (folder / f"train-{number}.jsonl").open("wb") as stream:
            for _ in range(max(1, size * 9 // 10 // 8 // len(block))):
                stream.write(block)
    for number in range(max(1, size // 10 // 20_000)):
        start = rng.randrange(len(block) - 20_000)
        (folder / f"notes-{number}.txt").write_bytes(block[start : start + 20_000])


def measure_weights(folder: Path, size: int) -> str:
    """A line on a pair of checkpoints of `size` bytes together."""
    models = [write_model(folder / part, size // 2, n) for n, part in enumerate("ab")]
    files = [model / "model.safetensors" for model in models]
    reads, compares = [], []
    for _ in range(2):
        reads.append(read_rate(files))
        with multiprocessing.get_context("spawn").Pool(1) as fresh:
            compares.append(fresh.apply(compare_rate, (models,)))
    read, (compared, memory) = max(reads), max(compares)
    return (
        f"- a pair of checkpoints of {sum(f.stat().st_size for f in files) / GB:.1f} GB in bfloat16: "
        f"read at {read / 1e6:.0f} MB/s, compared at {compared / 1e6:.0f} MB/s ({compared / read:.0%}), "
        f"{JOBS} threads, at most {memory / 1e6:.0f} MB of memory"
    )


def measure_texts(folder: Path, size: int) -> str:
    """A line on `size` bytes of text."""
    words = made_texts.benchmark(made_texts.word_problem, 1, 1300, 7000)
    index.save(index.build(words.test, words.train), folder / "index")
    write_texts(folder / "texts", size)
    work = list(files_of(folder / "texts", []))
    written = sum(file.size for file in work)
    began, cpu = time.monotonic(), time.process_time() + _children()
    find_contamination(work, folder / "index", JOBS)
    seconds, used = time.monotonic() - began, time.process_time() + _children() - cpu
    return (
        f"- {written / GB:.1f} GB of text in {len(work)} files against 1300 items: {seconds:.0f} s, "
        f"{used:.0f} s of CPU time, {JOBS} processes ({written / 1e6 / seconds:.0f} MB/s)"
    )


def write_files(folder: Path, count: int) -> None:
    """So many files of 100 bytes, a thousand in a folder."""
    text = made_texts.rows(made_texts.benchmark(made_texts.word_problem, 77, 0, 100).train).encode()
    for number in range(count):
        if number % 1000 == 0:
            below = folder / f"{number // 1000:04}"
            below.mkdir(parents=True)
        start = number % (len(text) - 100)
        (below / f"{number % 1000:03}.txt").write_bytes(text[start : start + 100])


def watch(process: subprocess.Popen[bytes]) -> int:
    """The most memory in bytes that a process and those it starts ever had together, looked at four times a
    second: what they share counts once."""
    most = 0
    while process.poll() is None:
        most = max(most, _memory(process.pid))
        time.sleep(0.25)
    return most


def _memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        own = next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, StopIteration):
        return 0
    return own + sum(_memory(int(child)) for child in children)


def measure_files(folder: Path, count: int) -> str:
    """A line on a work folder of `count` files, as the stage looks through it."""
    (folder / "suite").mkdir()
    suite = Bench(folder / "suite")
    write_files(folder / "task", count)
    evidence = HERE.parent.parent / "stages" / "evidence" / "evidence.py"
    given = {
        "task": folder / "task",
        "model": folder / "task" / "final_model",
        "base": suite.folder / "base",
        "instruct": suite.folder / "instruct",
        "index": suite.folder / "index" / "words",
        "evals": suite.folder / "evals",
        "benchmark": "words",
        "templates": suite.folder / "templates",
        "jobs": JOBS,
        "to": folder / "evidence.json",
    }
    command = [sys.executable, str(evidence), *(f"--{name}={value}" for name, value in given.items())]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        memory = watch(process)
    seconds = time.monotonic() - began
    if process.returncode != 0:
        raise SystemExit(f"evidence.py: exit {process.returncode}")
    unread = [
        finding["summary"]
        for finding in json.loads((folder / "evidence.json").read_text())["findings"]
        if finding["source"] == "contamination.unread"
    ]
    return (
        f"- {count:,} files of 100 bytes: {seconds:.0f} s, {JOBS} processes, "
        f"at most {memory / 1e6:.0f} MB of memory together; {unread[0] if unread else 'all were read'}"
    )


def main() -> int:
    """Exits 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pair-gb", type=float, default=2, help="both checkpoints together; 0: none")
    parser.add_argument("--text-gb", type=float, default=1, help="0: none")
    parser.add_argument("--files", type=int, default=0, help="how many; 0: none")
    parser.add_argument("--folder", type=Path, help="where to write; the system's own by default")
    parser.add_argument("--to", type=Path, help="the document to write the lines into")
    arguments = parser.parse_args()
    parts = [
        ("weights", measure_weights, int(arguments.pair_gb * GB)),
        ("texts", measure_texts, int(arguments.text_gb * GB)),
        ("files", measure_files, arguments.files),
    ]
    for name, measure, size in parts:
        if size == 0:
            continue
        head = f"`bench/audit/speed.py`, {machine()}, load {os.getloadavg()[0]:.1f} when it began:"
        with tempfile.TemporaryDirectory(prefix="bench-audit-", dir=arguments.folder) as folder:
            lines = [head, "", measure(Path(folder), size)]
        print("\n".join(lines), flush=True)
        if arguments.to:
            insert(arguments.to, f"speed of {name}", lines)
    return 0


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
