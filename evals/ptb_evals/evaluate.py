"""The one program behind every `evaluate.py`.

It writes the score and nothing else: no test item may reach the disk or the output, because an agent's work
folder that holds one counts as contaminated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from numpy_lm import ModelError
from numpy_lm.hub import HubError

from .arguments import parse
from .benchmark import Benchmark, DataError
from .engine import ENGINES, Settings, model_folder
from .score import exact_match, score, write

BAD_INPUT, NO_DATA = 2, 3


def main(benchmark: Benchmark, arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 for a model that cannot be run, or 3 for a machine without the data set."""
    given = parse(benchmark, arguments)
    try:
        items = benchmark.test_items()
        items = items if given.limit == -1 else items[: given.limit]
        settings = Settings(given.max_tokens, given.max_connections)
        texts = ENGINES[given.engine](
            model_folder(given.model_path), [item.prompt for item in items], settings
        )
        result = score([exact_match(text, item.answer) for text, item in zip(texts, items, strict=True)])
        if given.json_output_file is not None:
            write(result, given.json_output_file)
    except (ModelError, OSError) as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return BAD_INPUT
    except (DataError, HubError) as error:
        print(f"evaluate.py: test data: {error}", file=sys.stderr)
        return NO_DATA
    print(json.dumps(asdict(result)))
    return 0
