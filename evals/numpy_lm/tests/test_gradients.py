"""The hand-written derivatives against finite differences, in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from numpy_lm.arrays import Ids, Params
from numpy_lm.config import Config
from numpy_lm.network import forward, fresh, shapes
from numpy_lm.training import cross_entropy

SMALL = Config(
    vocab_size=11,
    hidden_size=6,
    intermediate_size=8,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=4,
)


def loss_of(params: Params, config: Config, ids: Ids, targets: Ids) -> float:
    weights = np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0]])
    return cross_entropy(forward(params, config, ids)[0], targets, weights)[0]


@pytest.mark.parametrize("tied", [True, False])
def test_every_weight_of_the_network(tied: bool) -> None:
    config = replace(SMALL, tie_word_embeddings=tied)
    rng = np.random.default_rng(0)
    params = fresh(config, 0, np.float64)
    for value in params.values():
        value += 0.2 * rng.standard_normal(value.shape)  # norms of exactly one would hide a missing factor
    ids, targets = rng.integers(0, 11, (2, 4)), rng.integers(0, 11, (2, 4))
    logits, back = forward(params, config, ids)
    weights = np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0]])
    grads = back(cross_entropy(logits, targets, weights)[1])

    assert set(grads) == set(shapes(config))
    step = 1e-5
    for name, value in params.items():
        for flat in rng.choice(value.size, size=min(4, value.size), replace=False):
            at = np.unravel_index(flat, value.shape)
            kept = value[at]
            value[at] = kept + step
            above = loss_of(params, config, ids, targets)
            value[at] = kept - step
            below = loss_of(params, config, ids, targets)
            value[at] = kept
            assert grads[name][at] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8), name
