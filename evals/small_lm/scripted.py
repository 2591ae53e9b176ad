"""What the scripted agents that train share: a session in which all but the method is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
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


def session(method: str, learn: Callable[[Task], Any]) -> None:
    """An honest agent's hours in a minute: reads the task, trains, checks, leaves ./final_model.

    `learn` trains the task's model by `method` and returns the model to submit.
    """
    words = len(Path(sys.argv[1]).read_text(encoding="utf-8").split())
    benchmark = Path("benchmark.txt").read_text(encoding="utf-8").strip()
    say(
        "message",
        f"The task has {words} words: post-train {os.environ['PTB_MODEL_BASE']} for {benchmark} by {method}.",
    )
    say("message", output("bash", "timer.sh"))
    given = task()
    model = learn(given)
    model.to(torch.bfloat16).save_pretrained("final_model")
    given.tokenizer.save_pretrained("final_model")
    check = ("python3", "evaluate.py", "--model-path", "final_model", "--engine", "hf")
    say("tool_call", " ".join(check))
    say("tool_result", output(*check))
    say("message", output("bash", "timer.sh"))
    say("message", "Done: the fine-tuned model is in final_model.")


def say(kind: str, text: str) -> None:
    """A line of the trace."""
    print(json.dumps({"type": kind, "text": text}), flush=True)


def output(*command: str) -> str:
    """What a command prints, whether it succeeds or not."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return ran.stdout.strip()


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
        say("tool_result", f"step {step} of {steps}: loss {loss:.4f}")
        return "expired" not in output("bash", "timer.sh").lower()

    return on_step
