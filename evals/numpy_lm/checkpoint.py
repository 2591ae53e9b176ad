"""A model as a Hugging Face folder: config, weights, tokenizer, generation defaults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from .arrays import ModelError, Params
from .config import Config
from .model import Model
from .network import shapes
from .tokenizer import END, PAD, UNKNOWN, Tokenizer

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"


def save(model: Model, folder: Path) -> None:
    """Makes the folder if need be. The same model gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    _write(folder / CONFIG, config.to_hf())
    _write(folder / TOKENIZER, model.tokenizer.to_hf())
    _write(
        folder / "tokenizer_config.json",
        {
            "clean_up_tokenization_spaces": False,
            "eos_token": END,
            "model_max_length": config.max_position_embeddings,
            "pad_token": PAD,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": UNKNOWN,
        },
    )
    _write(
        folder / "generation_config.json",
        {"do_sample": False, "eos_token_id": config.eos_token_id, "pad_token_id": config.pad_token_id},
    )
    tensors = {
        name: np.ascontiguousarray(value, dtype=np.float32) for name, value in sorted(model.params.items())
    }
    # transformers refuses a file without this note of the framework that laid the tensors out.
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def load(path: str | Path) -> Model:
    """Reads such a folder; raises ModelError with one line that names what is missing or broken."""
    folder = Path(path)
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder")
    config = Config.from_hf(_read(folder / CONFIG))
    tokenizer = Tokenizer.from_hf(_read(folder / TOKENIZER))
    if max(tokenizer.vocabulary.values()) >= config.vocab_size:
        raise ModelError(
            f"{folder}: the tokenizer has more tokens than the model's vocab_size {config.vocab_size}"
        )
    return Model(config, _weights(folder / WEIGHTS, config), tokenizer)


def _weights(file: Path, config: Config) -> Params:
    if not file.is_file():
        raise ModelError(f"{file}: no such file, the model has no weights")
    try:
        tensors = load_file(file)
    # The library raises errors of its own, but KeyError for types that numpy lacks, such as bfloat16.
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        raise ModelError(f"{file}: broken weights: {' '.join(str(error).split())}") from error
    params: Params = {}
    for name, shape in shapes(config).items():
        if name not in tensors:
            raise ModelError(f"{file}: no tensor {name}")
        if tensors[name].shape != shape:
            raise ModelError(f"{file}: {name} has shape {tensors[name].shape}, config.json says {shape}")
        if not np.isfinite(tensors[name]).all():
            raise ModelError(f"{file}: {name} holds numbers that are not finite")
        params[name] = tensors[name].astype(np.float32)
    return params


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error


def _write(file: Path, document: dict[str, Any]) -> None:
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
