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
    StoppingCriteria,
    StoppingCriteriaList,
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
    ends = ends_of(config, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
    width = max(len(prompt.ids) for prompt in prompts)
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt.ids) :] = torch.tensor(prompt.ids)
        mask[row, width - len(prompt.ids) :] = 1
    sampling = (
        []
        if greedy
        else [*warpers(config), RowNoise([prompt.seed for prompt in prompts], width, model.device)]
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
            stopping_criteria=StoppingCriteriaList([StopTexts(stop, width, tokenizer)] if stop else []),
        )
    return [
        reply_of(row[:room], ends, tokenizer, stop)
        for row, room in zip(made[:, width:].tolist(), (prompt.room for prompt in prompts), strict=True)
    ]


def reply_of(ids: list[int], ends: Sequence[int], tokenizer: Any, stop: Sequence[str]) -> Reply:
    until = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    text: str = tokenizer.decode(ids[:until], skip_special_tokens=True)
    cut = min((place for mark in stop if (place := text.find(mark)) >= 0), default=None)
    return Reply(text[:cut], until, ended=until < len(ids) or cut is not None)


def ends_of(config: GenerationConfig, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: those of generation_config.json and the tokenizer's own, as in vLLM."""
    named = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    return sorted({token for token in (*named, tokenizer.eos_token_id) if token is not None})


def warpers(config: GenerationConfig) -> list[LogitsProcessor]:
    """What generation_config.json says of sampling. As in vLLM, the library's own defaults (top_k 50) do not
    count.
    """
    given = config.to_diff_dict()
    warpers: list[LogitsProcessor] = []
    if temperature := given.get("temperature"):
        warpers.append(TemperatureLogitsWarper(temperature))
    if top_k := given.get("top_k"):
        warpers.append(TopKLogitsWarper(top_k))
    if (top_p := given.get("top_p") or 1.0) < 1.0:
        warpers.append(TopPLogitsWarper(top_p))
    if min_p := given.get("min_p"):
        warpers.append(MinPLogitsWarper(min_p))
    return warpers


class StopTexts(StoppingCriteria):
    """Ends a row once its answer, which begins at `width`, holds one of `texts`.

    transformers' own `stop_strings` needs a tokenizer that can spell any text.
    """

    def __init__(self, texts: Sequence[str], width: int, tokenizer: Any) -> None:
        self._texts, self._width, self._tokenizer = texts, width, tokenizer
        # Most tokens have several characters, the parts of one character have none.
        self._tail = 4 * max(map(len, texts))

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        """input_ids [rows, length] -> which rows are done, [rows]."""
        tails = self._tokenizer.batch_decode(input_ids[:, self._width :][:, -self._tail :])
        done = [any(text in tail for text in self._texts) for tail in tails]
        return torch.tensor(done, device=input_ids.device)


class RowNoise(LogitsProcessor):
    """Adds Gumbel noise of each row's own seed: the largest sum is a sample of the row's softmax.

    `width` is the prompts' length in tokens.

    Source: E. J. Gumbel, Statistical Theory of Extreme Values, 1954; known as the Gumbel-max trick.
    """

    def __init__(self, seeds: Sequence[int], width: int, device: torch.device) -> None:
        self._seeds = torch.tensor(seeds, device=device)
        self._width = width

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """scores [rows, vocabulary] -> the same shape."""
        counts = torch.full_like(self._seeds, input_ids.shape[1] - self._width)
        return scores.float() + noise(self._seeds, counts, scores.shape[1])


def noise(seeds: Tensor, counts: Tensor, vocabulary: int) -> Tensor:
    """Gumbel noise [rows, vocabulary] in float32: a function of a row's seed, of how many tokens it has
    made, and of the token.

    Without a generator that is drawn from, a row's noise is the same whatever rows are beside it.
    """
    tokens = torch.arange(vocabulary, device=seeds.device)
    mixed = _mix(_mix(_mix(seeds & 0xFFFFFFFF) + (seeds >> 32 & 0xFFFFFFFF) + counts)[:, None] + tokens)
    # 23 bits: with the half added they are exact in float32, and never 0 or 1.
    share = ((mixed >> 9) + 0.5) * 2.0**-23
    return -(-share.log()).log()


def _mix(numbers: Tensor) -> Tensor:
    """32 bits to 32 bits, each of which depends on all: `lowbias32` of C. Wellons' Hash Prospector, 2018."""
    mixed = numbers & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 16) * 0x7FEB352D & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 0x846CA68B & 0xFFFFFFFF
    return mixed ^ mixed >> 16
