"""The small layers, each with its derivative.

Every function returns its output and a function `back` that turns the loss's gradient with respect to the
output into those with respect to the inputs. Nothing is recorded elsewhere: dropping `back` is inference.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .arrays import Array, Ids


def linear(x: Array, weight: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """x [..., in] times weight [out, in] -> [..., out]; back gives (dx, dweight)."""

    def back(dy: Array) -> tuple[Array, Array]:
        rows_x, rows_dy = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
        return (rows_dy @ weight).reshape(x.shape), rows_dy.T @ rows_x

    return (x.reshape(-1, x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], weight.shape[0]), back


def rms_norm(x: Array, weight: Array, eps: float) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """Zhang and Sennrich 2019 over the last axis of x [..., n], weight [n]; back gives (dx, dweight)."""
    scale = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    normed = x * scale

    def back(dy: Array) -> tuple[Array, Array]:
        dweight = (dy * normed).reshape(-1, x.shape[-1]).sum(axis=0)
        dnormed = dy * weight
        dx = scale * (dnormed - normed * np.mean(dnormed * normed, axis=-1, keepdims=True))
        return dx, dweight

    return normed * weight, back


def swiglu(gate: Array, up: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """silu(gate) * up (Shazeer 2020), any shape; back gives (dgate, dup)."""
    # tanh instead of exp: a wild weight then saturates instead of overflowing.
    sigmoid = 0.5 * (1.0 + np.tanh(0.5 * gate))
    silu = gate * sigmoid

    def back(dy: Array) -> tuple[Array, Array]:
        return dy * up * (sigmoid + silu * (1.0 - sigmoid)), dy * silu

    return silu * up, back


def embed(ids: Ids, table: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Rows of table [vocab, n] for ids [...] -> [..., n]; back gives dtable."""

    def back(dy: Array) -> Array:
        # A product with the one-hot matrix: many times faster than np.add.at for a vocabulary of characters.
        one_hot = (ids.reshape(-1, 1) == np.arange(table.shape[0])).astype(table.dtype)
        dtable: Array = one_hot.T @ dy.reshape(-1, table.shape[1])
        return dtable

    return table[ids], back
