"""Causal grouped-query attention with a norm per head on queries and keys, as in Qwen3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import Array, Params
from .config import Config
from .layers import linear, rms_norm
from .rope import Rope


@dataclass
class Past:
    """One layer's keys and values so far, each [batch, kv_heads, seen, head_dim]; None before the first."""

    keys: Array | None = None
    values: Array | None = None

    @property
    def seen(self) -> int:
        return 0 if self.keys is None else self.keys.shape[2]

    def extend(self, keys: Array, values: Array) -> tuple[Array, Array]:
        """Appends new positions and returns all of them."""
        self.keys = keys if self.keys is None else np.concatenate([self.keys, keys], axis=2)
        self.values = values if self.values is None else np.concatenate([self.values, values], axis=2)
        return self.keys, self.values


def attention(
    x: Array, params: Params, prefix: str, config: Config, rope: Rope, past: Past | None = None
) -> tuple[Array, Callable[[Array, Params], Array]]:
    """x [batch, length, hidden] -> same shape; `back(dy, grads)` gives dx and puts the weights' in grads.

    With `past`, x continues what was seen before; then `back` must not be called (training has no past).
    """
    groups = config.num_attention_heads // config.num_key_value_heads
    head_scale = float(config.head_dim) ** -0.5
    flat_q, back_q = linear(x, params[f"{prefix}.q_proj.weight"])
    flat_k, back_k = linear(x, params[f"{prefix}.k_proj.weight"])
    flat_v, back_v = linear(x, params[f"{prefix}.v_proj.weight"])
    normed_q, back_q_norm = rms_norm(
        _split(flat_q, config.head_dim), params[f"{prefix}.q_norm.weight"], config.rms_norm_eps
    )
    normed_k, back_k_norm = rms_norm(
        _split(flat_k, config.head_dim), params[f"{prefix}.k_norm.weight"], config.rms_norm_eps
    )
    q, k, v = rope.turn(normed_q), rope.turn(normed_k), _split(flat_v, config.head_dim)
    if past is not None:
        k, v = past.extend(k, v)
    # The query heads that share a key head stand in one matrix: fewer and larger products.
    grouped_q = _group(q, groups)
    weights = _causal_softmax(grouped_q @ k.swapaxes(2, 3) * head_scale, x.shape[1])
    mixed = weights @ v
    y, back_o = linear(_join(_ungroup(mixed, groups)), params[f"{prefix}.o_proj.weight"])

    def back(dy: Array, grads: Params) -> Array:
        djoined, grads[f"{prefix}.o_proj.weight"] = back_o(dy)
        dmixed = _group(_split(djoined, config.head_dim), groups)
        dweights = dmixed @ v.swapaxes(2, 3)
        dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True)) * head_scale
        dq = rope.turn_back(_ungroup(dscores @ k, groups))
        dk = rope.turn_back(dscores.swapaxes(2, 3) @ grouped_q)
        dv = weights.swapaxes(2, 3) @ dmixed
        dflat_q, grads[f"{prefix}.q_norm.weight"] = back_q_norm(dq)
        dflat_k, grads[f"{prefix}.k_norm.weight"] = back_k_norm(dk)
        dx_q, grads[f"{prefix}.q_proj.weight"] = back_q(_join(dflat_q))
        dx_k, grads[f"{prefix}.k_proj.weight"] = back_k(_join(dflat_k))
        dx_v, grads[f"{prefix}.v_proj.weight"] = back_v(_join(dv))
        return dx_q + dx_k + dx_v

    return y, back


def _split(x: Array, head_dim: int) -> Array:
    """[batch, length, heads * head_dim] -> [batch, heads, length, head_dim]"""
    split: Array = x.reshape(x.shape[0], x.shape[1], -1, head_dim).swapaxes(1, 2)
    return split


def _join(x: Array) -> Array:
    """The inverse of _split."""
    joined: Array = x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)
    return joined


def _group(x: Array, groups: int) -> Array:
    """[batch, kv_heads * groups, length, d] -> [batch, kv_heads, groups * length, d]"""
    return np.ascontiguousarray(x).reshape(x.shape[0], x.shape[1] // groups, -1, x.shape[3])


def _ungroup(x: Array, groups: int) -> Array:
    """The inverse of _group."""
    return x.reshape(x.shape[0], x.shape[1] * groups, -1, x.shape[3])


def _causal_softmax(scores: Array, length: int) -> Array:
    """scores [batch, kv_heads, groups * length, keys]; the last `length` keys stand where the queries do."""
    keys = scores.shape[-1]
    hidden = np.arange(keys) > np.arange(keys - length, keys)[:, None]
    blocks = scores.reshape(*scores.shape[:2], -1, length, keys)
    masked = np.where(hidden, np.asarray(-1e30, scores.dtype), blocks)
    powers = np.exp(masked - masked.max(axis=-1, keepdims=True))
    result: Array = (powers / powers.sum(axis=-1, keepdims=True)).reshape(scores.shape)
    return result
