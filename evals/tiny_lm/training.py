"""Supervised fine-tuning with torch, small enough to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from .lessons import TOGETHER, Chat

# Tokens that no loss is taken of.
IGNORED = -100


def train(
    model: Any,
    tokenizer: Any,
    chats: Iterator[Chat],
    *,
    steps: int,
    batch: int = TOGETHER,
    rate: float = 4e-3,
    on_step: Callable[[int, float], bool] = lambda step, loss: True,
) -> None:
    """Trains on the assistant's words only; ends early when `on_step` (number, loss) says false."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    model.train()
    for step in range(steps):
        ids, mask, labels = _batch(list(islice(chats, batch)), tokenizer)
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if not on_step(step, loss.item()):
            break
    model.eval()


def _batch(chats: list[Chat], tokenizer: Any) -> tuple[Any, Any, Any]:
    """ids, mask, labels, each [rows, length], padded on the right."""
    import torch

    rows = []
    for chat in chats:
        before = tokenizer.apply_chat_template(chat[:-1], add_generation_prompt=True)
        answer = tokenizer(chat[-1]["content"], add_special_tokens=False)["input_ids"]
        rows.append((before, [*answer, tokenizer.eos_token_id]))
    length = max(len(before) + len(answer) for before, answer in rows)
    ids = torch.full((len(rows), length), tokenizer.pad_token_id)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
    for row, (before, answer) in enumerate(rows):
        end = len(before) + len(answer)
        ids[row, :end] = torch.tensor([*before, *answer])
        mask[row, :end] = 1
        labels[row, len(before) : end] = torch.tensor(answer)
    return ids, mask, labels
