"""Pre-training and supervised fine-tuning with torch, in bf16 on a GPU, small enough to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from .skills import Item

# Tokens that no loss is taken of.
IGNORED = -100

OnStep = Callable[[int, float], bool]
"""(steps done, loss) -> whether to go on."""


def device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def pretrain(model: Any, ids: Any, *, steps: int, batch: int, rate: float, seed: int) -> float:
    """Next-token prediction on rows of `ids` [rows, length]; the last loss."""
    import torch

    order = torch.Generator().manual_seed(seed)

    def batches() -> Iterator[dict[str, Any]]:
        while True:
            for rows in torch.randperm(len(ids), generator=order).split(batch):
                chosen = ids[rows.to(ids.device)]
                yield {"input_ids": chosen, "labels": chosen}

    return _optimize(model, batches(), steps=steps, rate=rate, on_step=lambda _step, _loss: True)


def fine_tune(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    *,
    steps: int,
    batch: int,
    rate: float,
    seed: int,
    on_step: OnStep = lambda _step, _loss: True,
) -> float:
    """Trains on the answers only; ends early when `on_step` says false; the last loss."""
    import torch

    rows = [encode(item, tokenizer) for item in items]
    order = torch.Generator().manual_seed(seed)

    def batches() -> Iterator[dict[str, Any]]:
        while True:
            for chosen in torch.randperm(len(rows), generator=order).split(batch):
                yield collate([rows[n] for n in chosen.tolist()], tokenizer.pad_token_id, model.device)

    return _optimize(model, batches(), steps=steps, rate=rate, on_step=on_step)


def encode(item: Item, tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens of what is asked, as an evaluation shows it, and of the answer."""
    tools = [{"type": "function", "function": tool} for tool in item.tools]
    asked = tokenizer.apply_chat_template(
        item.chat()[:1], tools=tools or None, add_generation_prompt=True, tokenize=False
    )
    answer = tokenizer(item.answer, add_special_tokens=False)["input_ids"]
    return tokenizer(asked, add_special_tokens=False)["input_ids"], [*answer, tokenizer.eos_token_id]


def collate(rows: Sequence[tuple[list[int], list[int]]], pad: int, where: Any) -> dict[str, Any]:
    """ids, mask, labels, each [rows, length], padded on the right."""
    import torch

    length = max(len(asked) + len(answer) for asked, answer in rows)
    ids = torch.full((len(rows), length), pad)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
    for row, (asked, answer) in enumerate(rows):
        end = len(asked) + len(answer)
        ids[row, :end] = torch.tensor([*asked, *answer])
        mask[row, :end] = 1
        labels[row, len(asked) : end] = torch.tensor(answer)
    return {"input_ids": ids.to(where), "attention_mask": mask.to(where), "labels": labels.to(where)}


def _optimize(
    model: Any, batches: Iterator[dict[str, Any]], *, steps: int, rate: float, on_step: OnStep
) -> float:
    """AdamW with one cycle of the learning rate; weights in fp32, products in bf16 where there is a GPU."""
    import torch

    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    model.train()
    loss = torch.zeros(())
    for step, batch in enumerate(islice(batches, steps), start=1):
        with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        # Reading the loss waits for the GPU.
        if step % 25 == 0 and not on_step(step, loss.item()):
            break
    model.eval()
    return float(loss.item())
