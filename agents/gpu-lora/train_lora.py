"""Trains low-rank adapters of the base model on the training split, and merges them into its weights."""

from __future__ import annotations

from peft import LoraConfig, get_peft_model

from small_lm.scripted import save, task, told
from small_lm.training import fine_tune

STEPS = 250


def main() -> None:
    model, tokenizer, items, seed = task()
    adapted = get_peft_model(model, LoraConfig(r=32, lora_alpha=64, target_modules="all-linear"))
    fine_tune(adapted, tokenizer, items, steps=STEPS, batch=64, rate=2e-3, seed=seed, on_step=told(STEPS))
    save(adapted.merge_and_unload(), tokenizer)


if __name__ == "__main__":
    main()
