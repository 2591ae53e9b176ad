"""Training: it learns, on the answers only, the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from numpy_lm import Example, Model, ModelError, Tokenizer, generate, train
from numpy_lm.arrays import Params
from numpy_lm.optimizer import AdamW
from numpy_lm.training import _pad, _rate, _row

PAIRS = [Example("ab>", "ba"), Example("cd>", "dc"), Example("ef>", "fe"), Example("abc>", "cba")]


def test_it_learns_what_it_is_shown(tiny: Model) -> None:
    losses = train(tiny, PAIRS, steps=150, seed=0, batch=8, rate=1e-2)
    assert losses[-1] < 0.05 < losses[0]
    assert generate(tiny, [example.prompt for example in PAIRS], 6) == [example.answer for example in PAIRS]


def test_same_seed_same_bytes_other_seed_other_bytes(tiny: Model) -> None:
    first, second, third = tiny.copy(), tiny.copy(), tiny.copy()
    for model, seed in ((first, 1), (second, 1), (third, 2)):
        train(model, PAIRS, steps=5, seed=seed, batch=2)
    assert all(np.array_equal(first.params[name], second.params[name]) for name in first.params)
    assert any(not np.array_equal(first.params[name], third.params[name]) for name in first.params)


def test_the_loss_is_on_the_answer_and_the_end() -> None:
    tokenizer = Tokenizer()
    rows = [_row(tokenizer, Example("ab>", "ba")), _row(tokenizer, Example("", "xyz"))]
    ids, targets, weights = _pad(rows, tokenizer.pad)
    assert weights.tolist() == [[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert tokenizer.decode(targets[0][2:4].tolist()) == "ba"
    assert targets[0][4] == targets[1][2] == tokenizer.end
    assert ids[0].tolist()[1:] == targets[0].tolist()[:-1]


def test_on_step_can_stop(tiny: Model) -> None:
    assert len(train(tiny, PAIRS, steps=100, seed=0, batch=2, on_step=lambda step, _loss: step < 2)) == 3


def test_nothing_to_train_on(tiny: Model) -> None:
    with pytest.raises(ModelError, match="nothing to train on"):
        train(tiny, [], steps=1, seed=0)


def test_the_rate_rises_and_falls() -> None:
    rates = [_rate(step, 100, 1.0, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[10] == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.1, abs=0.01)


def test_adamw_first_step_and_clipping() -> None:
    params: Params = {"w": np.array([[1.0, 1.0]]), "norm": np.array([1.0])}
    grads: Params = {"w": np.array([[300.0, -300.0]]), "norm": np.array([300.0])}
    AdamW(params, decay=0.5).step(grads, rate=0.1)
    # Bias correction makes the first step the gradient's sign, whatever its size; decay adds 0.1 * 0.5.
    assert params["w"] == pytest.approx(np.array([[0.85, 1.05]]), abs=1e-6)
    assert params["norm"] == pytest.approx(np.array([0.9]), abs=1e-6)
