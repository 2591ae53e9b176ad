"""What every `evaluate.py` shares: the command line, the model's load check, the score and its file.

`exact` asks with numpy and compares characters; `chat` asks with inspect-ai. Neither is imported before it is
used.
"""

from __future__ import annotations

from .benchmark import Benchmark
from .evaluate import main

__all__ = ["Benchmark", "main"]
