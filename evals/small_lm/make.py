"""Makes a small model pair and publishes it in a hub cache: `python3 -m small_lm.make --help`.

The base model is pre-trained on made text; the instruct model is that, trained on both benchmarks' skills.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from numpy_lm.hub import HubError, publish

from .skills import SKILLS, Item
from .text import documents
from .tokenizer import train_tokenizer
from .training import device, fine_tune, pretrain

VOCABULARY = 4096
CONTEXT = 1024
LENGTH = 256


@dataclass(frozen=True)
class Options:
    """`family` is qwen3 or smollm3; sizes as in its config; `rows` of 256 tokens are pre-trained on."""

    family: str = "qwen3"
    hidden: int = 640
    inner: int = 1920
    layers: int = 10
    heads: int = 10
    kv_heads: int = 5
    rows: int = 12_000
    batch: int = 128
    steps: int = 600
    items: int = 12_000
    instruct_steps: int = 400
    instruct_batch: int = 64
    seed: int = 0


def new_model(options: Options, tokenizer: Any) -> Any:
    """A model of transformers' own class for the family. Raises KeyError for an unknown family."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config, SmolLM3Config

    torch.manual_seed(options.seed)
    known = {
        "vocab_size": len(tokenizer),
        "hidden_size": options.hidden,
        "intermediate_size": options.inner,
        "num_hidden_layers": options.layers,
        "num_attention_heads": options.heads,
        "num_key_value_heads": options.kv_heads,
        "max_position_embeddings": CONTEXT,
        "tie_word_embeddings": True,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
    }
    config = {
        "qwen3": lambda: Qwen3Config(head_dim=options.hidden // options.heads, **known),
        "smollm3": lambda: SmolLM3Config(**known),
    }[options.family]()
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


def rows_of(tokenizer: Any, options: Options) -> Any:
    """Documents behind each other, cut into rows: int64 [rows, LENGTH]."""
    import torch

    made = documents(options.seed)
    ids: list[int] = []
    while len(ids) < options.rows * LENGTH:
        for encoded in tokenizer(list(islice(made, 4000)), add_special_tokens=False)["input_ids"]:
            ids += [*encoded, tokenizer.pad_token_id]
    return torch.tensor(ids[: options.rows * LENGTH]).view(options.rows, LENGTH)


def lessons(options: Options) -> list[Item]:
    """Of each skill the same number, from the side of the line that may be trained on."""
    each = options.items // len(SKILLS)
    return [
        item
        for name, skill in SKILLS.items()
        for item in islice(skill(Random(f"instruct {name} {options.seed}"), tested=False), each)
    ]


def make(options: Options, base: str, instruct: str, hub: Path) -> None:
    """Raises KeyError for an unknown family, HubError for what is no repository's id."""
    started = time.monotonic()
    tokenizer = train_tokenizer(islice(documents(options.seed), 20_000), VOCABULARY, CONTEXT)
    model = new_model(options, tokenizer).to(device())
    ids = rows_of(tokenizer, options).to(device())
    loss = pretrain(model, ids, steps=options.steps, batch=options.batch, rate=1e-3, seed=options.seed)
    _publish(model, tokenizer, base, hub, loss, started)
    loss = fine_tune(
        model,
        tokenizer,
        lessons(options),
        steps=options.instruct_steps,
        batch=options.instruct_batch,
        rate=3e-4,
        seed=options.seed,
    )
    _publish(model, tokenizer, instruct, hub, loss, started)


def _publish(model: Any, tokenizer: Any, repo: str, hub: Path, loss: float, started: float) -> None:
    """Saved in bf16, as the real ones are."""
    import torch

    with tempfile.TemporaryDirectory(prefix="small-lm-") as temporary:
        copy = type(model)(model.config).to(torch.bfloat16)
        copy.load_state_dict(model.state_dict())
        copy.generation_config.eos_token_id = tokenizer.eos_token_id
        copy.generation_config.pad_token_id = tokenizer.pad_token_id
        copy.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        snapshot = publish(temporary, repo, "models", hub)
    print(
        json.dumps(
            {
                "repo": repo,
                "parameters": model.num_parameters(),
                "loss": round(loss, 4),
                "seconds": round(time.monotonic() - started, 1),
                "revision": snapshot.name,
            }
        ),
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m small_lm.make", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub cache to publish in")
    parser.add_argument("--base", required=True, metavar="REPO", help="the base model's repository id")
    parser.add_argument("--instruct", required=True, metavar="REPO", help="the instruct model's")
    parser.add_argument("--options", type=json.loads, default={}, metavar="JSON", help='{"family": "qwen3"}')
    given = parser.parse_args(arguments)
    try:
        make(Options(**given.options), given.base, given.instruct, given.hub)
    except (TypeError, KeyError, HubError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
