"""Fine-tunes all weights of the base model on the training split of the benchmark's data set."""

from __future__ import annotations

from small_lm.scripted import save, task, told
from small_lm.training import fine_tune

STEPS = 300


def main() -> None:
    model, tokenizer, items, seed = task()
    fine_tune(model, tokenizer, items, steps=STEPS, batch=64, rate=3e-4, seed=seed, on_step=told(STEPS))
    save(model, tokenizer)


if __name__ == "__main__":
    main()
