"""Training on examples: the loss is on the answers, or on the whole text when there is no prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Array, Ids, ModelError
from .model import Model
from .network import forward
from .optimizer import AdamW
from .tokenizer import Tokenizer


@dataclass(frozen=True)
class Example:
    """What the model should answer to a prompt. With an empty prompt, the answer is plain text."""

    prompt: str
    answer: str


def train(
    model: Model,
    examples: Sequence[Example],
    *,
    steps: int,
    seed: int,
    batch: int = 128,
    rate: float = 3e-3,
    warmup: int = 20,
    on_step: Callable[[int, float], bool] | None = None,
) -> list[float]:
    """Changes the model in place and returns the loss (nats per token) of every step.

    The learning rate rises over `warmup` steps, then falls as a cosine to a tenth. `on_step(step, loss)` may
    return False to stop early. Same model, examples, seed and machine: same weights, bit for bit.
    """
    if not examples:
        raise ModelError("there is nothing to train on")
    optimizer = AdamW(model.params)
    losses: list[float] = []
    for step, (ids, targets, weights) in zip(
        range(steps), _batches(model.tokenizer, examples, batch, seed), strict=False
    ):
        logits, back = forward(model.params, model.config, ids)
        loss, dlogits = cross_entropy(logits, targets, weights)
        optimizer.step(back(dlogits), _rate(step, steps, rate, warmup))
        losses.append(loss)
        if on_step is not None and not on_step(step, loss):
            break
    return losses


def cross_entropy(logits: Array, targets: Ids, weights: Array) -> tuple[float, Array]:
    """Weighted mean of -log p(target) over [batch, length], and its gradient [batch, length, vocab]."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    share = weights / max(float(weights.sum()), 1.0)
    picked = np.take_along_axis(log_p, targets[..., None], axis=-1)
    dlogits = np.exp(log_p) * share[..., None]
    np.put_along_axis(
        dlogits, targets[..., None], np.exp(picked) * share[..., None] - share[..., None], axis=-1
    )
    return -float((picked[..., 0] * share).sum()), dlogits


def _rate(step: int, steps: int, peak: float, warmup: int) -> float:
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return peak * (0.1 + 0.45 * (1.0 + math.cos(math.pi * done)))


def _batches(
    tokenizer: Tokenizer, examples: Sequence[Example], batch: int, seed: int
) -> Iterator[tuple[Ids, Ids, Array]]:
    """Endless (ids, targets, weights), each [batch, length]; a pass has each example once."""
    rng = np.random.default_rng(seed)
    rows = [_row(tokenizer, example) for example in examples]
    queue: list[int] = []
    while True:
        while len(queue) < batch:
            queue.extend(rng.permutation(len(rows)).tolist())
        chosen, queue = [rows[i] for i in queue[:batch]], queue[batch:]
        yield _pad(chosen, tokenizer.pad)


def _row(tokenizer: Tokenizer, example: Example) -> tuple[list[int], int]:
    """The ids of an example with its end token, and the index of the first one that counts in the loss."""
    prompt = tokenizer.encode(example.prompt)
    return [*prompt, *tokenizer.encode(example.answer), tokenizer.end], max(1, len(prompt))


def _pad(rows: list[tuple[list[int], int]], pad: int) -> tuple[Ids, Ids, Array]:
    # Padding stands on the right, where causal attention never lets a real token see it.
    length = max(len(ids) for ids, _ in rows)
    table = np.full((len(rows), length), pad, np.int64)
    counts = np.zeros((len(rows), length), np.float32)
    for row, (ids, first) in enumerate(rows):
        table[row, : len(ids)] = ids
        counts[row, first : len(ids)] = 1.0
    return table[:, :-1], table[:, 1:], counts[:, 1:]
