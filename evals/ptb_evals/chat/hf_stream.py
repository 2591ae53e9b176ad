"""Continuous batching with transformers: a row whose answer ends takes the next prompt at once, and on a
GPU a step is one CUDA graph.

All rows write their keys and values to one place of a ring, which moves on by one with each step.
Positions are in the keys already, so it does not matter where in the ring a token lies; a bias says which
places are a row's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, DynamicCache, LogitsProcessor

from .hf_batch import Prompt, Reply, ends_of, noise, reply_of, warpers

# Architectures whose attention takes a mask for each kind of layer as it is; the others are asked in
# batches (hf_batch).
STREAMED = ("qwen3", "smollm3")

# Steps between two looks at what was made: a look waits for the GPU.
BLOCK = 16
# Tokens of prompts, padding included, that go through the model at once.
PREFILL = 32_768
# Rows are only taken out of the batch where that is worth capturing a graph anew.
WORTH = 64

ATTENTION = "ptb_ring"


def can_stream(model: Any) -> bool:
    config = model.config
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return config.model_type in STREAMED and set(kinds) == {"full_attention"}


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scaling: float, **_: Any
) -> tuple[Tensor, None]:
    """query [rows, heads, length, width]; key, value [rows, fewer heads, …, width]; bias [rows, 1, 1,
    places] for one step.

    Heads that share a key are its rows, so that keys and values are read once: two products move 3.3 TB/s
    on an H200, the fused kernels that take a bias 1.9 to 2.4.
    """
    rows, heads, length, width = query.shape
    shared = heads // key.shape[1]
    if bias is None:
        made = scaled_dot_product_attention(
            query, key, value, is_causal=length > 1, scale=scaling, enable_gqa=shared > 1
        )
    else:
        grouped = query.view(rows, key.shape[1], shared, width)
        scores = torch.matmul(grouped * scaling, key.transpose(2, 3)) + bias
        made = torch.matmul(scores.softmax(-1, dtype=torch.float32).to(value.dtype), value)
        made = made.view(rows, heads, 1, width)
    return made.transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION, attend)


class Ring:
    """What transformers takes for a cache: keys and values of each layer, [rows, heads, places, width]."""

    is_compileable = False

    def __init__(self, keys: list[Tensor], values: list[Tensor]) -> None:
        self.keys, self.values = keys, values
        self.at = torch.zeros(1, dtype=torch.long, device=keys[0].device)

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        self.keys[layer].index_copy_(2, self.at, keys)
        self.values[layer].index_copy_(2, self.at, values)
        return self.keys[layer], self.values[layer]

    def get_seq_length(self, *_: object) -> int:
        return 0


class Stream:
    """At most `rows` answers at a time, of at most `places` tokens with their prompts."""

    def __init__(
        self, model: Any, rows: int, places: int, picks: Sequence[LogitsProcessor], greedy: bool
    ) -> None:
        self._model, self._picks, self._greedy = model, picks, greedy
        config, where = model.config, model.device
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (rows, config.num_key_value_heads, places, width)
        every = [
            [torch.zeros(shape, dtype=model.dtype, device=where) for _ in range(config.num_hidden_layers)]
            for _ in "kv"
        ]
        self._ring = Ring(*every)
        self._bias = torch.full((rows, 1, 1, places), float("-inf"), dtype=model.dtype, device=where)
        long = {"dtype": torch.long, "device": where}
        self._token, self._position = torch.zeros(rows, **long), torch.zeros(rows, **long)
        self._seed, self._count = torch.zeros(rows, **long), torch.zeros(rows, **long)
        self._made, self._place = torch.zeros(rows, BLOCK, **long), torch.zeros(1, **long)
        self._graph: Any = None
        model.config._attn_implementation = ATTENTION

    @property
    def rows(self) -> int:
        return len(self._token)

    def admit(self, rows: Sequence[int], prompts: Sequence[Prompt]) -> None:
        """Puts prompts into rows that are free."""
        longest = max(len(prompt.ids) for prompt in prompts)
        at_a_time = max(1, PREFILL // longest)
        for start in range(0, len(rows), at_a_time):
            self._fill(rows[start : start + at_a_time], prompts[start : start + at_a_time])

    def _fill(self, rows: Sequence[int], prompts: Sequence[Prompt]) -> None:
        """All of a prompt but its last token, which is the first step's."""
        where, places = self._model.device, self._bias.shape[3]
        lengths = torch.tensor([len(prompt.ids) - 1 for prompt in prompts], device=where)
        longest = max(1, int(lengths.max()))
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            ids[row, : len(prompt.ids) - 1] = torch.tensor(prompt.ids[:-1])
        cache = DynamicCache()
        self._model(
            input_ids=ids.to(where),
            position_ids=torch.arange(longest, device=where)[None].expand(len(rows), -1),
            attention_mask={"full_attention": None},
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        chosen = torch.tensor(rows, device=where)
        number = torch.arange(longest, device=where)
        # Padding comes to lie on places that are written before they count.
        slots = (self._ring.at - lengths[:, None] + number) % places
        for layer, made in enumerate(cache.layers):
            self._ring.keys[layer][chosen[:, None], :, slots] = made.keys.transpose(1, 2)
            self._ring.values[layer][chosen[:, None], :, slots] = made.values.transpose(1, 2)
        own = torch.where(number < lengths[:, None], 0.0, float("-inf")).to(self._bias.dtype)
        fresh = torch.full((len(rows), places), float("-inf"), dtype=self._bias.dtype, device=where)
        self._bias[chosen] = fresh.scatter_(1, slots, own)[:, None, None]
        self._token[chosen] = torch.tensor([prompt.ids[-1] for prompt in prompts], device=where)
        self._seed[chosen] = torch.tensor([prompt.seed for prompt in prompts], device=where)
        self._position[chosen] = lengths
        self._count[chosen] = 0

    def block(self) -> list[list[int]]:
        """The next BLOCK tokens of each row."""
        self._place.zero_()
        if self._graph is None and self._model.device.type == "cuda":
            self._graph = self._capture()
        for _ in range(BLOCK):
            if self._graph is None:
                self._step()
            else:
                self._graph.replay()
        made: list[list[int]] = self._made.tolist()
        return made

    def narrow(self, keep: Sequence[int]) -> None:
        """Goes on with these rows alone, in this order."""
        chosen = torch.tensor(keep, device=self._model.device)
        self._graph = None
        for every in (self._ring.keys, self._ring.values):
            for layer, old in enumerate(every):
                every[layer] = old[chosen]
        self._bias, self._made = self._bias[chosen], self._made[chosen]
        self._token, self._position = self._token[chosen], self._position[chosen]
        self._seed, self._count = self._seed[chosen], self._count[chosen]

    def _step(self) -> None:
        ring = self._ring
        self._bias.index_fill_(3, ring.at, 0.0)
        scores = self._model(
            input_ids=self._token[:, None],
            position_ids=self._position[:, None],
            attention_mask={"full_attention": self._bias},
            past_key_values=ring,
            use_cache=True,
        ).logits[:, -1]
        if not self._greedy:
            scores = scores.float()
            for pick in self._picks:
                scores = pick(self._token[:, None], scores)
            scores = scores + noise(self._seed, self._count, scores.shape[1])
        self._token.copy_(scores.argmax(-1))
        self._made.index_copy_(1, self._place, self._token[:, None])
        self._position.add_(1)
        self._count.add_(1)
        self._place.add_(1)
        ring.at.copy_((ring.at + 1) % self._bias.shape[3])

    def _capture(self) -> Any:
        """A step as a graph. Kernels are chosen and compiled in steps whose marks are wiped out."""
        marks = (self._bias, self._token, self._position, self._count, self._place, self._ring.at, self._made)
        before = [mark.clone() for mark in marks]
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(2):
                self._step()
        torch.cuda.current_stream().wait_stream(aside)
        for mark, value in zip(marks, before, strict=True):
            mark.copy_(value)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        return graph


def places_for(prompts: Sequence[Prompt]) -> int:
    """The length of a ring for these: prompt, answer, and what a block makes beyond its end; a multiple
    of 64.
    """
    return -(-(max(len(prompt.ids) + prompt.room for prompt in prompts) + BLOCK) // 64) * 64


@torch.inference_mode()
def replies_to(
    prompts: Sequence[Prompt], model: Any, tokenizer: Any, greedy: bool, stop: Sequence[str], rows: int
) -> Iterator[tuple[int, Reply]]:
    """Each reply with its prompt's number, as they end. A row's answer depends on its prompt and its seed
    alone, up to rounding.
    """
    config = model.generation_config
    ends = set(ends_of(config, tokenizer))
    stream = Stream(
        model, min(rows, len(prompts)), places_for(prompts), [] if greedy else warpers(config), greedy
    )
    waiting = list(range(len(prompts)))[::-1]
    # Row -> the number of its prompt, and the answer so far.
    busy: dict[int, tuple[int, list[int]]] = {}
    while waiting or busy:
        free = [row for row in range(stream.rows) if row not in busy]
        if waiting and (not busy or len(free) * 16 >= stream.rows):
            numbers = [waiting.pop() for _ in free[: len(waiting)]]
            stream.admit(free[: len(numbers)], [prompts[number] for number in numbers])
            busy.update((row, (number, [])) for row, number in zip(free, numbers, strict=False))
        elif busy and len(busy) * 2 <= stream.rows:
            left = max(prompts[number].room - len(made) for number, made in busy.values())
            if left > WORTH:
                stream.narrow(list(busy))
                busy = dict(enumerate(busy.values()))
        made_now = stream.block()
        for row, (number, made) in list(busy.items()):
            made += made_now[row]
            room = prompts[number].room
            if len(made) >= room or not ends.isdisjoint(made_now[row]) or _stops(made, tokenizer, stop):
                del busy[row]
                yield number, reply_of(made[:room], sorted(ends), tokenizer, stop)


def _stops(made: Sequence[int], tokenizer: Any, stop: Sequence[str]) -> bool:
    text = tokenizer.decode(made) if stop else ""
    return any(mark in text for mark in stop)
