"""Trains low-rank adapters of the base model on the training split, and merges them into its weights."""

from __future__ import annotations

import json
import os
import subprocess

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from numpy_lm.hub import snapshot
from small_lm.data import read
from small_lm.training import device, fine_tune

STEPS = 250


def time_is_left() -> bool:
    timer = subprocess.run(["bash", "timer.sh"], capture_output=True, text=True, check=False)
    return "expired" not in timer.stdout.lower()


def on_step(step: int, loss: float) -> bool:
    print(json.dumps({"type": "tool_result", "text": f"step {step} of {STEPS}: loss {loss:.4f}"}), flush=True)
    return time_is_left()


def main() -> None:
    base = snapshot(os.environ["PTB_MODEL_BASE"])
    items = read(snapshot(json.loads(os.environ["PTB_BENCHMARK_DATA"])["repo"], "datasets"), "train")
    seed = int(os.environ.get("PTB_REPLICATE", "1"))
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).to(device())
    adapted = get_peft_model(model, LoraConfig(r=32, lora_alpha=64, target_modules="all-linear"))
    fine_tune(adapted, tokenizer, items, steps=STEPS, batch=64, rate=2e-3, seed=seed, on_step=on_step)
    merged = adapted.merge_and_unload()
    merged.to(torch.bfloat16).save_pretrained("final_model")
    tokenizer.save_pretrained("final_model")


if __name__ == "__main__":
    main()
