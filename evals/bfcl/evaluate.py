"""Scores a model on BFCL: `python3 evaluate.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# What is shared lies beside this file in an agent's work folder, and one level up in the project.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from inspect_cli import Benchmark, main  # noqa: E402

if TYPE_CHECKING:
    from inspect_ai import Task


def task() -> Task:
    """The task of inspect_evals as it is: category exec_simple."""
    from inspect_evals.bfcl import bfcl

    return bfcl()


if __name__ == "__main__":
    sys.exit(
        main(
            Benchmark(
                title="BFCL",
                task=task,
                limit=None,
                max_tokens=16000,
                server={"enable_auto_tool_choice": None, "tool_call_parser": "hermes"},
            )
        )
    )
