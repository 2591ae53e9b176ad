"""The command line that all evals speak."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .benchmark import Benchmark


def parse(benchmark: Benchmark, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Exits 2 with a usage line for a wrong argument, as argparse does."""
    parser = argparse.ArgumentParser(
        description=f"Scores a model on {benchmark.title}.",
        epilog="Exit codes: 0 a score, 2 an unusable model, 3 no test data, 4 out of memory, 1 the rest.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--model-path", default="final_model", help="a folder, or the id of a repository in the hub cache")
    add(
        "--limit",
        type=_limit,
        default=benchmark.limit,
        help="use the first LIMIT test items only; -1 means all",
    )
    add("--max-tokens", type=_positive, default=benchmark.max_tokens, help="longest answer")
    add(
        "--max-connections",
        type=_positive,
        default=benchmark.max_connections,
        help="prompts answered at a time",
    )
    add(
        "--gpu-memory-utilization",
        type=_share,
        default=benchmark.gpu_memory_utilization,
        help="share of the GPU's memory, for engines that run on one",
    )
    add(
        "--templates-dir",
        type=Path,
        default=Path("templates"),
        help="folder with the family's chat template; where it is absent, the model's own is used",
    )
    add("--json-output-file", type=Path, help="where to write accuracy, stderr and n")
    engines = benchmark.exam.engines
    add("--engine", choices=engines, default=engines[0], help="what runs the model")
    add("--seed", type=int, default=0, help="of the run; each request has a seed of its own, made from it")
    add("--log-dir", type=Path, help="keep the log there; it holds test items")
    add(
        "--check",
        action="store_true",
        help="only say whether the model can be loaded, from its files' headers",
    )
    add(
        "--base-path", help="--model-path must have this model's architecture; a folder, or a repository's id"
    )
    if benchmark.exam.few_shot:
        add(
            "--few-shot",
            action="store_true",
            help="ask as a base model is asked: examples as plain text, no chat template",
        )
    return parser.parse_args(arguments, argparse.Namespace(few_shot=False))


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
