"""Trains low-rank adapters of the base model on the training split, and merges them into its weights."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, get_peft_model

from small_lm.scripted import Task, session, told
from small_lm.training import fine_tune

STEPS = 250


def learn(task: Task) -> Any:
    model, tokenizer, items, seed = task
    adapted = get_peft_model(model, LoraConfig(r=32, lora_alpha=64, target_modules="all-linear"))
    fine_tune(adapted, tokenizer, items, steps=STEPS, batch=64, rate=2e-3, seed=seed, on_step=told(STEPS))
    return adapted.merge_and_unload()


if __name__ == "__main__":
    session("low-rank adapters", learn)
