"""Makes a smoke model pair and publishes it in a hub cache: `python3 -m numpy_lm.make --help`.

The base model is pre-trained on synthetic text; the instruct model is that, trained further on both tasks.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from .config import Config
from .corpus import corpus
from .hub import HubError, publish
from .model import Model
from .tasks import addition, pairs, sorting, words
from .tokenizer import Tokenizer
from .training import Example, train

LINES = 8000
# Sorting is learnt in a fraction of the time that addition takes.
SUMS, WORDS = 4000, 1000


@dataclass(frozen=True)
class Recipe:
    """A size of model, and how long to train it for a pair that is made in under 20 seconds of one core."""

    hidden: int
    inner: int
    heads: int
    base_steps: int
    instruct_steps: int

    def config(self, vocabulary: int) -> Config:
        return Config(
            vocab_size=vocabulary,
            hidden_size=self.hidden,
            intermediate_size=self.inner,
            num_hidden_layers=2,
            num_attention_heads=self.heads,
            num_key_value_heads=2,
            head_dim=16,
        )


RECIPES = {
    "50k": Recipe(hidden=48, inner=96, heads=4, base_steps=400, instruct_steps=400),
    "200k": Recipe(hidden=96, inner=256, heads=6, base_steps=250, instruct_steps=320),
}


def make_base(recipe: Recipe, seed: int) -> Model:
    tokenizer = Tokenizer()
    model = Model.fresh(recipe.config(len(tokenizer)), tokenizer, seed)
    train(model, corpus(seed, LINES), steps=recipe.base_steps, seed=seed, batch=64, rate=5e-3)
    return model


def make_instruct(base: Model, recipe: Recipe, seed: int) -> Model:
    """A trained copy; the base stays as it is."""
    rng = Random(seed)
    added = [addition(a, b) for a, b in islice(pairs(rng, tested=False), SUMS)]
    ordered = [sorting(letters) for letters in islice(words(rng, tested=False), WORDS)]
    examples: list[Example] = [*added, *ordered]
    model = base.copy()
    train(model, examples, steps=recipe.instruct_steps, seed=seed, batch=96, rate=5e-3)
    return model


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m numpy_lm.make", description=__doc__.splitlines()[0])
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--base", required=True, metavar="REPO", help="the base model's repository id")
    parser.add_argument(
        "--instruct", required=True, metavar="REPO", help="the instruct model's repository id"
    )
    parser.add_argument(
        "--options",
        type=_options,
        default=("50k", 0),
        metavar="JSON",
        help='e.g. {"params": "50k", "seed": 0}',
    )
    given = parser.parse_args(arguments)
    size, seed = given.options
    base = make_base(RECIPES[size], seed)
    instruct = make_instruct(base, RECIPES[size], seed)
    try:
        for model, repo in ((base, given.base), (instruct, given.instruct)):
            with tempfile.TemporaryDirectory(prefix="numpy-lm-") as temporary:
                model.save(temporary)
                snapshot = publish(temporary, repo, "models", given.hub)
            print(json.dumps({"repo": repo, "parameters": model.size(), "revision": snapshot.name}))
    except HubError as error:
        parser.error(str(error))
    return 0


def _options(text: str) -> tuple[str, int]:
    """The size and the seed; argparse shows the message of the error raised here."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or not set(document) <= {"params", "seed"}:
        raise argparse.ArgumentTypeError("an object with the fields params and seed is wanted")
    size, seed = document.get("params", "50k"), document.get("seed", 0)
    if not isinstance(size, str) or size not in RECIPES:
        raise argparse.ArgumentTypeError(f"params must be one of {', '.join(RECIPES)}, not {size!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise argparse.ArgumentTypeError(f"seed must be a whole number, not {seed!r}")
    return size, seed


if __name__ == "__main__":
    sys.exit(main())
