"""One batch through transformers' generate, each row with random numbers of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)


@dataclass(frozen=True)
class Prompt:
    """`room` is the most tokens that the answer may have."""

    ids: list[int]
    room: int
    seed: int


@dataclass(frozen=True)
class Reply:
    """`ended` is false for an answer that was cut off."""

    text: str
    tokens: int
    ended: bool


def reply_to(
    prompts: Sequence[Prompt], model: Any, tokenizer: Any, greedy: bool, stop: Sequence[str]
) -> list[Reply]:
    """Replies in the prompts' order. A row's answer depends on its prompt and its seed alone, up to
    rounding.
    """
    config: GenerationConfig = model.generation_config
    ends = _ends(config, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
    width = max(len(prompt.ids) for prompt in prompts)
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt.ids) :] = torch.tensor(prompt.ids)
        mask[row, width - len(prompt.ids) :] = 1
    sampling = (
        [] if greedy else [*_warpers(config), RowNoise([prompt.seed for prompt in prompts], model.device)]
    )
    with torch.inference_mode():
        made = model.generate(
            ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=max(prompt.room for prompt in prompts),
            # The likeliest token after the row's own noise is a sample: see RowNoise.
            do_sample=False,
            temperature=None,
            top_k=None,
            top_p=None,
            min_p=None,
            eos_token_id=ends or None,
            pad_token_id=pad,
            logits_processor=LogitsProcessorList(sampling),
            **({"stop_strings": list(stop), "tokenizer": tokenizer} if stop else {}),
        )
    return [
        _reply(row[:room], ends, tokenizer, stop)
        for row, room in zip(made[:, width:].tolist(), (prompt.room for prompt in prompts), strict=True)
    ]


def _reply(ids: list[int], ends: Sequence[int], tokenizer: Any, stop: Sequence[str]) -> Reply:
    until = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    text: str = tokenizer.decode(ids[:until], skip_special_tokens=True)
    cut = min((place for mark in stop if (place := text.find(mark)) >= 0), default=None)
    return Reply(text[:cut], until, ended=until < len(ids) or cut is not None)


def _ends(config: GenerationConfig, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: those of generation_config.json and the tokenizer's own, as in vLLM."""
    named = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    return sorted({token for token in (*named, tokenizer.eos_token_id) if token is not None})


def _warpers(config: GenerationConfig) -> list[LogitsProcessor]:
    """What generation_config.json says of sampling."""
    warpers: list[LogitsProcessor] = []
    if config.temperature not in (None, 0.0, 1.0):
        warpers.append(TemperatureLogitsWarper(config.temperature))
    if config.top_k:
        warpers.append(TopKLogitsWarper(config.top_k))
    if config.top_p is not None and config.top_p < 1.0:
        warpers.append(TopPLogitsWarper(config.top_p))
    if config.min_p:
        warpers.append(MinPLogitsWarper(config.min_p))
    return warpers


class RowNoise(LogitsProcessor):
    """Adds Gumbel noise, each row from a generator of its own: the largest sum is a sample of the row's
    softmax.

    Source: E. J. Gumbel, Statistical Theory of Extreme Values, 1954; known as the Gumbel-max trick.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """scores [rows, vocabulary] -> the same shape."""
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores.float() - noise.log()
