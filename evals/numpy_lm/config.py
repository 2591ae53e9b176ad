"""The shape of a model: the fields of a Qwen3 `config.json` that change what is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .arrays import ModelError


@dataclass(frozen=True)
class Config:
    """Sizes are counts of numbers; `head_dim` must be even because rotary positions turn pairs."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = True
    max_position_embeddings: int = 256
    eos_token_id: int = 0
    pad_token_id: int = 1

    def __post_init__(self) -> None:
        for name in _SIZES:
            if getattr(self, name) < 1:
                raise ModelError(f"config.json: {name} must be at least 1")
        if self.num_attention_heads % self.num_key_value_heads != 0:
            raise ModelError("config.json: num_attention_heads must be a multiple of num_key_value_heads")
        if self.head_dim % 2 != 0:
            raise ModelError("config.json: head_dim must be even")

    def to_hf(self) -> dict[str, Any]:
        """The document that `transformers` reads; what it holds beyond our fields has only one value here."""
        return {
            "architectures": ["Qwen3ForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": None,
            "eos_token_id": self.eos_token_id,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "hidden_size": self.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings,
            "max_window_layers": self.num_hidden_layers,
            "model_type": "qwen3",
            "num_attention_heads": self.num_attention_heads,
            "num_hidden_layers": self.num_hidden_layers,
            "num_key_value_heads": self.num_key_value_heads,
            "pad_token_id": self.pad_token_id,
            "rms_norm_eps": self.rms_norm_eps,
            "rope_scaling": None,
            "rope_theta": self.rope_theta,
            "sliding_window": None,
            "tie_word_embeddings": self.tie_word_embeddings,
            "torch_dtype": "float32",
            "use_cache": True,
            "use_sliding_window": False,
            "vocab_size": self.vocab_size,
        }

    @staticmethod
    def from_hf(document: object) -> Config:
        """Reads what `to_hf` or `transformers` wrote; ModelError for another architecture or a bad field."""
        if not isinstance(document, dict):
            raise ModelError("config.json: not a JSON object")
        if document.get("model_type") != "qwen3":
            raise ModelError(
                f"config.json: model_type {document.get('model_type')!r}, this engine runs qwen3 only"
            )
        rope = _rope(document)
        return Config(
            **{name: _integer(document, name) for name in _SIZES},
            rope_theta=_number(rope, "rope_theta"),
            rms_norm_eps=_number(document, "rms_norm_eps"),
            tie_word_embeddings=document.get("tie_word_embeddings") is True,
            eos_token_id=_integer(document, "eos_token_id"),
            pad_token_id=_integer(document, "pad_token_id"),
        )


_SIZES = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
)


def _rope(document: dict[str, Any]) -> dict[str, Any]:
    """`transformers` 5 moved the rotary fields into `rope_parameters`; earlier ones keep them at the top."""
    rope = document.get("rope_parameters")
    rope = (
        rope if isinstance(rope, dict) else {"rope_theta": document.get("rope_theta"), "rope_type": "default"}
    )
    if rope.get("rope_type", "default") != "default" or document.get("rope_scaling") is not None:
        raise ModelError("config.json: scaled rotary positions are not supported")
    return rope


def _integer(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ModelError(f"config.json: {name} must be an integer, not {value!r}")
    return value


def _number(document: dict[str, Any], name: str) -> float:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ModelError(f"config.json: {name} must be a number, not {value!r}")
    return float(value)
