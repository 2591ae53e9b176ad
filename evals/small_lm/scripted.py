"""What the scripted agents that train share: the task, a line for each step, the end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from numpy_lm.hub import snapshot

from .data import read
from .skills import Item
from .training import device


class Task(NamedTuple):
    model: Any
    tokenizer: Any
    items: list[Item]
    seed: int


def task() -> Task:
    """The base model in fp32 and the training split, with the replicate's seed set."""
    base = snapshot(os.environ["PTB_MODEL_BASE"])
    items = read(snapshot(json.loads(os.environ["PTB_BENCHMARK_DATA"])["repo"], "datasets"), "train")
    seed = int(os.environ.get("PTB_REPLICATE", "1"))
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).to(device())
    return Task(model, tokenizer, items, seed)


def told(steps: int) -> Callable[[int, float], bool]:
    """Says how each step went, and whether there is time for another."""

    def on_step(step: int, loss: float) -> bool:
        print(
            json.dumps({"type": "tool_result", "text": f"step {step} of {steps}: loss {loss:.4f}"}),
            flush=True,
        )
        timer = subprocess.run(["bash", "timer.sh"], capture_output=True, text=True, check=False)
        return "expired" not in timer.stdout.lower()

    return on_step


def save(model: Any, tokenizer: Any) -> None:
    model.to(torch.bfloat16).save_pretrained("final_model")
    tokenizer.save_pretrained("final_model")
