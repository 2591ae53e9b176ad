"""What every `evaluate.py` shares: the command line, the engines, the scorer, the result's file."""

from __future__ import annotations

from .benchmark import Benchmark, Item
from .evaluate import main

__all__ = ["Benchmark", "Item", "main"]
