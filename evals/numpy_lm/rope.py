"""Rotary positions (Su et al. 2021): numbers i and i + head_dim/2 of a head turn with the position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Array


@dataclass(frozen=True)
class Rope:
    """Cosines and sines [length, head_dim/2] of the angles at consecutive positions."""

    cos: Array
    sin: Array

    @staticmethod
    def at(start: int, length: int, head_dim: int, theta: float, dtype: np.dtype[np.floating]) -> Rope:
        """The turns for positions start .. start+length-1."""
        frequencies = theta ** (-np.arange(0, head_dim, 2) / head_dim)
        angles = np.arange(start, start + length)[:, None] * frequencies
        return Rope(np.cos(angles).astype(dtype), np.sin(angles).astype(dtype))

    def turn(self, x: Array) -> Array:
        """x [batch, heads, length, head_dim], turned forward."""
        return _turn(x, self.cos, self.sin)

    def turn_back(self, dy: Array) -> Array:
        """The inverse, which is also the derivative's transpose because a rotation is orthogonal."""
        return _turn(dy, self.cos, -self.sin)


def _turn(x: Array, cos: Array, sin: Array) -> Array:
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
