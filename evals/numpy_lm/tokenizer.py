"""One token per character, kept as a `tokenizer.json` that the `tokenizers` library reads."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any

from .arrays import ModelError

END, PAD, UNKNOWN = "<|endoftext|>", "<|pad|>", "<|unknown|>"
SPECIALS = (END, PAD, UNKNOWN)
CHARACTERS = "\n " + string.digits + string.ascii_lowercase + "+-*/=<>:;,.?!'()[]_|&#"


class Tokenizer:
    """Text to ids and back. The names of special tokens inside a text are ordinary characters to us."""

    def __init__(self, vocabulary: dict[str, int] | None = None) -> None:
        names = (*SPECIALS, *CHARACTERS)
        self.vocabulary = vocabulary if vocabulary is not None else {name: i for i, name in enumerate(names)}
        self._names = {i: name for name, i in self.vocabulary.items()}
        self.end, self.pad, self.unknown = (self.vocabulary[name] for name in SPECIALS)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """One id per character; a character outside the vocabulary becomes `unknown`."""
        return [self.vocabulary.get(character, self.unknown) for character in text]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, without special tokens."""
        names = (self._names.get(i, "") for i in ids)
        return "".join(name for name in names if name not in SPECIALS)

    def to_hf(self) -> dict[str, Any]:
        """The `tokenizer.json` document: every character is split off and looked up as a word."""
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [_added(name, self.vocabulary[name]) for name in SPECIALS],
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Split",
                "pattern": {"Regex": r"[\s\S]"},
                "behavior": "Isolated",
                "invert": False,
            },
            "post_processor": None,
            "decoder": {"type": "Fuse"},
            "model": {"type": "WordLevel", "vocab": self.vocabulary, "unk_token": UNKNOWN},
        }

    @staticmethod
    def from_hf(document: object) -> Tokenizer:
        """Raises ModelError for any tokenizer that is not one of ours."""
        model = document.get("model") if isinstance(document, dict) else None
        vocabulary = (
            model.get("vocab") if isinstance(model, dict) and model.get("type") == "WordLevel" else None
        )
        if not isinstance(vocabulary, dict) or not all(isinstance(i, int) for i in vocabulary.values()):
            raise ModelError("tokenizer.json: not a character-level tokenizer, which this engine needs")
        absent = [name for name in SPECIALS if name not in vocabulary]
        if absent:
            raise ModelError(f"tokenizer.json: no {absent[0]} in the vocabulary")
        if any(len(name) != 1 for name in vocabulary if name not in SPECIALS):
            raise ModelError(
                "tokenizer.json: a token of more than one character, this engine needs single characters"
            )
        return Tokenizer(vocabulary)


def _added(name: str, index: int) -> dict[str, Any]:
    return {
        "id": index,
        "content": name,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
