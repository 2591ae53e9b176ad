"""What the tests of this package share."""

from __future__ import annotations

import pytest

from numpy_lm import Config, Model, Tokenizer


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: needs large extra packages or minutes; skips with its reason")


@pytest.fixture
def tiny() -> Model:
    """Untrained, two layers, three query heads to each key head."""
    tokenizer = Tokenizer()
    config = Config(
        vocab_size=len(tokenizer),
        hidden_size=12,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=4,
    )
    return Model.fresh(config, tokenizer, seed=3)
