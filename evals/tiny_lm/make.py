"""Makes a tiny model pair and publishes it in a hub cache: `python3 -m tiny_lm.make --help`.

The base model has random weights; the instruct model is that, trained on all skills.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy_lm.hub import HubError, publish

from .lessons import TOGETHER, Chat, lessons, texts
from .tokenizer import make_tokenizer
from .training import train

BENCHMARKS = ("gsm8k", "humaneval", "gpqa-main")
# Of training, for each skill.
STEPS = 300

SIZES = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
    # Heads of 16 dimensions have few that turn fast enough to tell near positions apart with a larger one.
    "rope_theta": 10_000.0,
    "initializer_range": 0.05,
}


def make_base(family: str, tokenizer: Any, seed: int) -> Any:
    """A model of transformers' own class for the family. Raises KeyError for an unknown family."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config, SmolLM3Config

    torch.manual_seed(seed)
    known = {
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
    }
    config = {
        "qwen3": lambda: Qwen3Config(head_dim=16, **SIZES, **known),
        # Its every fourth layer has no rotary positions; with two layers both have them.
        "smollm3": lambda: SmolLM3Config(**SIZES, **known),
    }[family]()
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


def mixed(benchmarks: Sequence[str], seed: int) -> Iterator[Chat]:
    """Lessons of all `benchmarks` in turn, a batch of each."""
    every = [lessons(name, seed) for name in benchmarks]
    while True:
        for source in every:
            for _ in range(TOGETHER):
                yield next(source)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tiny_lm.make", description=__doc__.splitlines()[0])
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--base", required=True, metavar="REPO", help="the base model's repository id")
    parser.add_argument("--instruct", required=True, metavar="REPO", help="the instruct model's")
    parser.add_argument(
        "--options",
        type=json.loads,
        default={},
        metavar="JSON",
        help='{"family": "qwen3", "seed": 0, "skills": ["gsm8k"], "steps": 300}, each with a default',
    )
    given = parser.parse_args(arguments)
    family, seed = given.options.get("family", "qwen3"), given.options.get("seed", 0)
    skills = given.options.get("skills", BENCHMARKS)
    steps = given.options.get("steps", STEPS * len(skills))
    if unknown := sorted(set(skills) - set(BENCHMARKS)):
        parser.error(f"skills are {', '.join(BENCHMARKS)}, not {unknown[0]!r}")
    tokenizer = make_tokenizer(texts())
    try:
        model = make_base(family, tokenizer, seed)
    except KeyError:
        parser.error(f"family must be qwen3 or smollm3, not {family!r}")
    for repo in (given.base, given.instruct):
        if repo == given.instruct:
            train(model, tokenizer, mixed(skills, seed), steps=steps)
        with tempfile.TemporaryDirectory(prefix="tiny-lm-") as temporary:
            save(model, tokenizer, Path(temporary))
            try:
                snapshot = publish(temporary, repo, "models", given.hub)
            except HubError as error:
                parser.error(str(error))
        print(json.dumps({"repo": repo, "parameters": model.num_parameters(), "revision": snapshot.name}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
