"""A model in hand: its shape, its weights and its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .arrays import Array, Ids, Params
from .config import Config
from .network import forward, fresh
from .tokenizer import Tokenizer


@dataclass
class Model:
    config: Config
    params: Params
    tokenizer: Tokenizer

    @staticmethod
    def fresh(config: Config, tokenizer: Tokenizer, seed: int) -> Model:
        """An untrained model in float32."""
        return Model(config, fresh(config, seed), tokenizer)

    def logits(self, ids: Ids) -> Array:
        """ids [batch, length] -> [batch, length, vocab]"""
        return forward(self.params, self.config, ids)[0]

    def size(self) -> int:
        """How many numbers there are to train."""
        return sum(value.size for value in self.params.values())

    def copy(self) -> Model:
        """A model whose weights can be trained without changing this one's."""
        return Model(self.config, {name: value.copy() for name, value in self.params.items()}, self.tokenizer)

    def save(self, path: str | Path) -> None:
        """Writes the folder that `load` and `transformers` read; see `checkpoint`."""
        from .checkpoint import save

        save(self, Path(path))
