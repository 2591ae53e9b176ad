"""Fine-tunes all weights of the base model on the training split of the benchmark's data set."""

from __future__ import annotations

from typing import Any

from small_lm.scripted import Task, session, told
from small_lm.training import fine_tune

STEPS = 300


def learn(task: Task) -> Any:
    model, tokenizer, items, seed = task
    fine_tune(model, tokenizer, items, steps=STEPS, batch=64, rate=3e-4, seed=seed, on_step=told(STEPS))
    return model


if __name__ == "__main__":
    session("supervised fine-tuning", learn)
