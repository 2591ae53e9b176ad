"""Scores a model: `python3 evaluate.py --help`."""

import sys
from pathlib import Path

# The shared package lies beside this file in an agent's work folder, where Python finds it, or one level up.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from ptb_evals import Benchmark, main
from ptb_evals.exact import Exact

if __name__ == "__main__":
    sys.exit(
        main(
            Benchmark(
                title="__NAME__",
                exam=Exact(
                    "local/__NAME__",
                ),
                max_tokens=8,
                max_connections=256,
            )
        )
    )
