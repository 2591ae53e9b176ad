"""Greedy generation in batches, with the keys and values of earlier positions kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .arrays import Ids, ModelError
from .attention import Past
from .model import Model
from .network import forward


def generate(model: Model, prompts: Sequence[str], max_tokens: int, batch: int = 256) -> list[str]:
    """Each prompt's continuation up to the end token, or `max_tokens` characters; ties go to the lower id.

    Raises ModelError for an empty prompt, and for one that would pass the model's max_position_embeddings.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    encoded = [model.tokenizer.encode(prompt) for prompt in prompts]
    for index, ids in enumerate(encoded):
        if not ids:
            raise ModelError("an empty prompt cannot be continued")
        if len(ids) + max_tokens > model.config.max_position_embeddings:
            raise ModelError(
                f"a prompt of {len(ids)} tokens and {max_tokens} new ones pass the model's "
                f"max_position_embeddings {model.config.max_position_embeddings}"
            )
        by_length[len(ids)].append(index)
    answers = [""] * len(prompts)
    # Prompts of one length go together: no padding, so no masks and no answer that depends on its neighbours.
    for indices in by_length.values():
        for start in range(0, len(indices), batch):
            chosen = indices[start : start + batch]
            made = continuations(model, np.array([encoded[i] for i in chosen], np.int64), max_tokens)
            for index, ids in zip(chosen, made.tolist(), strict=True):
                until = ids.index(model.tokenizer.end) if model.tokenizer.end in ids else len(ids)
                answers[index] = model.tokenizer.decode(ids[:until])
    return answers


def continuations(model: Model, ids: Ids, max_tokens: int) -> Ids:
    """ids [batch, length] -> new ids [batch, at most max_tokens]; what follows an end token means nothing."""
    past = [Past() for _ in range(model.config.num_hidden_layers)]
    ended = np.zeros(len(ids), dtype=bool)
    made: list[Ids] = []
    fresh = ids
    for _ in range(max_tokens):
        logits, _ = forward(model.params, model.config, fresh, past)
        chosen = logits[:, -1].argmax(axis=-1)
        made.append(chosen)
        ended |= chosen == model.tokenizer.end
        if ended.all():
            break
        fresh = chosen[:, None]
    return np.stack(made, axis=1) if made else np.zeros((len(ids), 0), np.int64)
