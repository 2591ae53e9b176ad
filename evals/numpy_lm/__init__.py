"""Tiny language models in the Qwen3 architecture, trained and run with numpy on one CPU core.

model = numpy_lm.load("folder")
numpy_lm.train(model, [numpy_lm.Example("2+2=", "4")], steps=100, seed=1)
numpy_lm.generate(model, ["2+2="], max_tokens=4)
model.save("final_model")
"""

from __future__ import annotations

import os

# Matrices this small only lose to the hand-over between threads, and jobs share the machine. It counts only
# where it is set before numpy is first imported; a value from outside wins.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from .arrays import ModelError
from .checkpoint import load
from .config import Config
from .generation import generate
from .model import Model
from .tokenizer import Tokenizer
from .training import Example, train

__all__ = ["Config", "Example", "Model", "ModelError", "Tokenizer", "generate", "load", "train"]
