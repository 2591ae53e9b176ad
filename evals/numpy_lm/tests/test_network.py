"""What the network must be by definition: causal, blind to padding, the same with and without the cache."""

from __future__ import annotations

import numpy as np
import pytest

from numpy_lm import Model, ModelError, generate, generation
from numpy_lm.attention import Past
from numpy_lm.generation import continuations
from numpy_lm.network import forward


def test_a_token_never_sees_what_follows(tiny: Model) -> None:
    one, other = np.array([[5, 6, 7, 8]]), np.array([[5, 6, 9, 1]])
    assert np.array_equal(tiny.logits(one)[:, :2], tiny.logits(other)[:, :2])
    assert not np.allclose(tiny.logits(one)[:, 2:], tiny.logits(other)[:, 2:])


def test_positions_matter(tiny: Model) -> None:
    assert not np.allclose(
        tiny.logits(np.array([[5, 6, 7]]))[:, -1], tiny.logits(np.array([[6, 5, 7]]))[:, -1]
    )


def test_the_cache_changes_nothing(tiny: Model) -> None:
    ids = np.random.default_rng(0).integers(3, 60, (4, 9))
    past = [Past() for _ in range(tiny.config.num_hidden_layers)]
    pieces = [
        forward(tiny.params, tiny.config, ids[:, start:end], past)[0]
        for start, end in ((0, 4), (4, 5), (5, 9))
    ]
    assert np.allclose(np.concatenate(pieces, axis=1), tiny.logits(ids), atol=1e-5)


def test_generation_equals_recomputing_every_prefix(tiny: Model) -> None:
    ids = np.random.default_rng(1).integers(3, 60, (5, 4))
    expected = ids
    for _ in range(6):
        expected = np.concatenate([expected, tiny.logits(expected)[:, -1].argmax(-1)[:, None]], axis=1)
    made = continuations(tiny, ids, 6)
    assert made.tolist() == expected[:, 4 : 4 + made.shape[1]].tolist()


def test_answers_do_not_depend_on_neighbours(tiny: Model) -> None:
    prompts = ["abc", "12+34=", "z", "98+76=", "abd"]
    alone = [generate(tiny, [prompt], 5)[0] for prompt in prompts]
    assert generate(tiny, prompts, 5) == alone
    assert generate(tiny, prompts, 5, batch=1) == alone


def test_generation_stops_at_the_end_token(tiny: Model) -> None:
    tiny.params["model.norm.weight"][:] = (
        0.0  # all logits equal: the lowest id wins, and that is the end token
    )
    assert generate(tiny, ["abc"], 5) == [""]


def test_what_follows_the_end_token_is_dropped(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = tiny.tokenizer.encode("ab")
    made = np.array([[a, tiny.tokenizer.end, b], [a, b, a]])
    monkeypatch.setattr(generation, "continuations", lambda *_: made)
    assert generate(tiny, ["x", "y"], 3) == ["a", "aba"]


def test_prompts_that_cannot_be_continued(tiny: Model) -> None:
    with pytest.raises(ModelError, match="empty prompt"):
        generate(tiny, ["a", ""], 5)
    with pytest.raises(ModelError, match="max_position_embeddings 256"):
        generate(tiny, ["a" * 250], 10)
