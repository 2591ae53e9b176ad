"""The promise that `transformers` reads our folders and computes the same, kept by running it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numpy_lm import Config, Example, Model, Tokenizer, generate, load, train

pytestmark = pytest.mark.slow
torch: Any = pytest.importorskip("torch", reason="torch is not installed: pip install torch transformers")
transformers: Any = pytest.importorskip("transformers", reason="transformers is not installed")


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def trained(request: pytest.FixtureRequest) -> Model:
    """Trained a little, so that norms and embeddings are not at their special first values."""
    tokenizer = Tokenizer()
    config = Config(len(tokenizer), 48, 96, 2, 6, 2, 16, tie_word_embeddings=request.param)
    model = Model.fresh(config, tokenizer, seed=1)
    train(model, [Example("ab>", "ba"), Example("12+34=", "46")], steps=30, seed=0, batch=4)
    return model


def test_logits_tokens_and_answers_agree(trained: Model, tmp_path: Path) -> None:
    trained.save(tmp_path)
    other = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(other).__name__ == "Qwen3ForCausalLM"
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)

    ids = np.random.default_rng(0).integers(0, len(trained.tokenizer), (4, 40))
    with torch.no_grad():
        theirs = other(torch.tensor(ids)).logits.numpy()
    assert np.abs(theirs - trained.logits(ids)).max() < 1e-4

    text = "12+34= count: a b\nz é"
    assert tokenizer(text)["input_ids"] == trained.tokenizer.encode(text)
    assert tokenizer.decode(trained.tokenizer.encode("12+34= a b\nz")) == "12+34= a b\nz"
    assert tokenizer.eos_token_id == trained.tokenizer.end and tokenizer.pad_token_id == trained.tokenizer.pad

    for prompt in ("12+34=", "ab>"):
        made = other.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=5)[0]
        answer = tokenizer.decode(made[len(prompt) :], skip_special_tokens=True)
        assert [answer] == generate(trained, [prompt], 5)


def test_we_read_what_transformers_saves(trained: Model, tmp_path: Path) -> None:
    trained.save(tmp_path / "ours")
    transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
    transformers.AutoTokenizer.from_pretrained(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
    again = load(tmp_path / "theirs")
    ids = np.random.default_rng(0).integers(0, len(trained.tokenizer), (2, 20))
    assert np.allclose(again.logits(ids), trained.logits(ids), atol=1e-6)
