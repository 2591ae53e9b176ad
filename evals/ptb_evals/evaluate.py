"""The one program behind every `evaluate.py`.

Beside the score it writes a log only where it is told to: an agent's work folder that holds test items counts
as contaminated.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .arguments import parse
from .benchmark import Benchmark, DataError, EvaluationError, Exam, ModelError, OutOfMemory, Settings
from .load_check import check_architecture, check_model
from .score import Score, score, write

FAILED, BAD_MODEL, NO_DATA, NO_MEMORY = 1, 2, 3, 4


def main(benchmark: Benchmark, arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 2 for a model that cannot be used; 3 without test data; 4 out of memory; 1 for the
    rest.
    """
    given = parse(benchmark, arguments)
    try:
        result = _run(benchmark.exam, given)
    except ModelError as error:
        return _say(error, BAD_MODEL)
    except DataError as error:
        return _say(f"test data: {error}", NO_DATA)
    except OutOfMemory as error:
        return _say(error, NO_MEMORY)
    except EvaluationError as error:
        return _say(error, FAILED)
    print(json.dumps(asdict(result)) if result else "the model can be loaded")
    return 0


def _run(exam: Exam, given: argparse.Namespace) -> Score | None:
    model = _folder(exam, given.model_path)
    check_model(model)
    if given.base_path is not None:
        check_architecture(model, _folder(exam, given.base_path))
    if given.check:
        return None
    settings = Settings(
        model=model,
        engine=given.engine,
        limit=None if given.limit == -1 else given.limit,
        max_tokens=given.max_tokens,
        max_connections=given.max_connections,
        gpu_memory_utilization=given.gpu_memory_utilization,
        template=_template(given.templates_dir),
        seed=given.seed,
        few_shot=given.few_shot,
        log_dir=given.log_dir,
    )
    result = score(exam.measure(settings))
    if given.json_output_file is not None:
        write(result, given.json_output_file)
    return result


def _folder(exam: Exam, path: str) -> Path:
    """A folder by that name, else the snapshot of a repository by that name."""
    if Path(path).is_dir():
        return Path(path)
    found = exam.find(path, "models")
    if found is None:
        raise ModelError(f"no such model: {path} is neither a folder nor in the hub cache")
    return found


def _template(folder: Path) -> Path | None:
    """The one template there. Which family's it is, the pipeline has decided."""
    found = sorted(folder.glob("*.jinja")) if folder.is_dir() else []
    if len(found) > 1:
        raise EvaluationError(f"{folder} holds {len(found)} chat templates, one is wanted")
    return found[0] if found else None


def _say(message: object, code: int) -> int:
    # A file's name may hold what a terminal takes for commands.
    line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in " ".join(str(message).split()))
    print(f"evaluate.py: {line}", file=sys.stderr)
    return code
