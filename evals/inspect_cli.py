"""The program behind the `evaluate.py` of benchmarks that inspect-ai runs: one command line, one result file.

inspect-ai is imported only once the arguments and the model's folder are known to be good: it takes seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.log import EvalLog

FAILED, BAD_INPUT = 1, 2

# Files without which a folder is no model that vLLM can load.
WEIGHTS = ("*.safetensors",)
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")


@dataclass(frozen=True)
class Benchmark:
    """`task` makes inspect-ai's task; `limit` is the quick check's number of items, None for all of them.

    `server` are further options of vLLM's server, for instance a tool parser.
    """

    title: str
    task: Callable[[], Task]
    limit: int | None
    max_tokens: int
    server: dict[str, Any] = field(default_factory=dict)


class ModelError(Exception):
    """The model's folder cannot be used; the message is one line."""


def parse(benchmark: Benchmark, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Exits 2 with a usage line for a wrong argument, as argparse does."""
    parser = argparse.ArgumentParser(description=f"Scores a model on {benchmark.title}.")
    add = parser.add_argument
    add(
        "--model-path",
        type=Path,
        default=Path("final_model"),
        help="the model's folder (default %(default)s)",
    )
    add(
        "--limit",
        type=int,
        default=benchmark.limit or -1,
        help="items to take, -1 for all (default %(default)s)",
    )
    add("--max-tokens", type=int, default=benchmark.max_tokens, help="longest answer (default %(default)s)")
    add("--max-connections", type=int, default=64, help="requests at a time (default %(default)s)")
    add(
        "--gpu-memory-utilization",
        type=float,
        default=0.9,
        help="share of the GPU's memory (default %(default)s)",
    )
    add(
        "--templates-dir", type=Path, default=Path("templates"), help="folder with the family's chat template"
    )
    add("--json-output-file", type=Path, help="where to write accuracy, stderr and n")
    add("--engine", choices=["vllm"], default="vllm", help="what runs the model")
    add("--seed", type=int, default=1, help="of the server's random numbers")
    return parser.parse_args(arguments)


def check_model(folder: Path) -> None:
    """Says what is missing before minutes are spent on a server that cannot start. Raises ModelError."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder")
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: an adapter that was not merged into its model")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json")
    if not any(path.is_file() for pattern in WEIGHTS for path in folder.glob(pattern)):
        raise ModelError(f"{folder}: no weights (*.safetensors)")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelError(f"{folder}: no tokenizer")


def server_options(benchmark: Benchmark, given: argparse.Namespace) -> dict[str, Any]:
    """Options of `vllm serve`. The template is the family's; which family that is, the pipeline has decided.

    The seed is the server's: given to each request, it would make completions the same that should differ.
    """
    options: dict[str, Any] = {
        **benchmark.server,
        "gpu_memory_utilization": given.gpu_memory_utilization,
        "seed": given.seed,
    }
    templates = sorted(given.templates_dir.glob("*.jinja")) if given.templates_dir.is_dir() else []
    if len(templates) > 1:
        raise ValueError(f"{given.templates_dir} holds more than one template")
    return options | ({"chat_template": str(templates[0].resolve())} if templates else {})


def run(benchmark: Benchmark, given: argparse.Namespace) -> EvalLog:
    """One evaluation; inspect-ai's log goes to logs/."""
    from inspect_ai import eval as evaluate

    return evaluate(
        benchmark.task(),
        model=f"vllm/{given.model_path.resolve()}",
        model_args=server_options(benchmark, given),
        limit=None if given.limit == -1 else given.limit,
        epochs=1,
        max_tokens=given.max_tokens,
        max_connections=given.max_connections,
        log_dir="logs",
        log_format="eval",
        display="plain",
    )[0]


def metrics(log: EvalLog) -> dict[str, float | int]:
    """Accuracy, standard error and number of items. Raises ValueError for a log without a score."""
    if log.status != "success" or log.results is None or not log.results.scores:
        raise ValueError(f"the evaluation ended as {log.status!r}")
    found = log.results.scores[0].metrics
    if "accuracy" not in found:
        raise ValueError(f"the task has no accuracy, only {', '.join(found)}")
    stderr = found["stderr"].value if "stderr" in found else 0.0
    return {"accuracy": found["accuracy"].value, "stderr": stderr, "n": log.results.completed_samples}


def main(benchmark: Benchmark, arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 2 for a model that cannot be used; 1 for an evaluation that broke down."""
    given = parse(benchmark, arguments)
    try:
        check_model(given.model_path)
    except ModelError as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return BAD_INPUT
    try:
        result = metrics(run(benchmark, given))
    except ValueError as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return FAILED
    print(json.dumps(result))
    if given.json_output_file is not None:
        aside = given.json_output_file.with_name(f".{given.json_output_file.name}.part")
        aside.write_text(json.dumps(result) + "\n", encoding="utf-8")
        aside.replace(given.json_output_file)
    return 0
