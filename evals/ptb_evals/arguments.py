"""The command line that all evals speak."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .benchmark import Benchmark
from .engine import ENGINES


def parse(benchmark: Benchmark, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Exits 2 with a usage line for a wrong argument, as argparse does."""
    parser = argparse.ArgumentParser(description=f"Scores a model on {benchmark.title}.")
    add = parser.add_argument
    add("--model-path", required=True, help="a folder, or the id of a repository in the hub cache")
    add(
        "--limit",
        type=_limit,
        default=-1,
        help="use the first LIMIT test items only; -1, the default, means all",
    )
    add(
        "--max-tokens",
        type=_positive,
        default=benchmark.max_tokens,
        help="longest answer (default %(default)s)",
    )
    add(
        "--max-connections",
        type=_positive,
        default=256,
        help="prompts answered at a time (default %(default)s)",
    )
    add("--gpu-memory-utilization", type=_share, default=0.9, help="used by engines that run on a GPU")
    add("--templates-dir", type=Path, help="chat templates; used by engines that have chat models")
    add("--json-output-file", type=Path, help="where to write accuracy, stderr and n")
    add(
        "--engine", choices=sorted(ENGINES), default="numpy", help="what runs the model (default %(default)s)"
    )
    add("--seed", type=int, default=0, help="for engines that sample; greedy decoding uses no chance")
    return parser.parse_args(arguments)


def _limit(text: str) -> int:
    value = int(text)
    if value != -1 and value < 1:
        raise argparse.ArgumentTypeError("at least 1, or -1 for all")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError("above 0 and at most 1")
    return value
