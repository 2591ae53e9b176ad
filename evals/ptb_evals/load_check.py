"""Says what is wrong with a model's folder before minutes are spent on loading it: only names, links and
headers are read.

Weights count when they are safetensors; pickled ones can run code and are refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .benchmark import ModelError
from .safetensors_header import HeaderError, Tensors, read_header

INDEX = "model.safetensors.index.json"
# Bytes; the tokenizers of today's models have 35 MB at most.
LARGEST_DOCUMENT = 1 << 28
# Bytes: NAME_MAX of Linux and macOS.
LONGEST_NAME = 255
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
PROCESSORS = ("preprocessor_config.json", "processor_config.json")


def check_model(folder: Path) -> None:
    """Raises ModelError with one line that names the file and the fault."""
    try:
        _check_parts(folder)
    except ModelError as error:
        # What a model's own files say in it may hold lines of its own, and be long.
        raise ModelError(" ".join(str(error).split())[:1000]) from None


def _check_parts(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder")
    adapter = (folder / "adapter_config.json").is_file()
    if adapter and not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: an adapter that was not merged into its model (it has no config.json)")
    _check_links(folder)
    config = _config(folder)
    tensors = _weights(folder, adapter)
    _check_layers(folder, config, tensors)
    _check_embeddings(folder, config, tensors)
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelError(f"{folder}: no tokenizer ({', '.join(TOKENIZERS)})")
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        if (folder / name).is_file():
            _read(folder / name)
    if "vision_config" in config and not any((folder / name).is_file() for name in PROCESSORS):
        raise ModelError(
            f"{folder}: no processor config ({' or '.join(PROCESSORS)}), which {_kind(config)} needs to load"
        )


def check_architecture(folder: Path, base: Path) -> None:
    """A fine-tuned model has its base's model type and width; a text-only save of a model with vision counts
    as the same.

    Raises ModelError.
    """
    for what in ("model_type", "hidden_size"):
        own, wanted = _text_field(_config(folder), what), _text_field(_config(base), what)
        if own != wanted:
            raise ModelError(f"{folder / 'config.json'}: {what} {own!r}, but the base model's is {wanted!r}")


def _text_field(config: dict[str, Any], name: str) -> object:
    text = config.get("text_config")
    value = text.get(name, config.get(name)) if isinstance(text, dict) else config.get(name)
    return value.removesuffix("_text") if isinstance(value, str) else value


def _check_links(folder: Path) -> None:
    """What a link leads to outside of the folder is not part of the model, and need not be there later."""
    root = folder.resolve()
    # In the hub's own cache a snapshot is made of links to the blobs beside it.
    home = root.parent.parent if root.parent.name == "snapshots" else root
    for path in sorted(folder.iterdir()):
        if not path.is_symlink():
            continue
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # the latter for one that leads to itself, before Python 3.13
            raise ModelError(f"{path}: a link to nothing") from None
        if not target.is_relative_to(home):
            raise ModelError(f"{path}: a link to a place outside of the model's folder")


def _config(folder: Path) -> dict[str, Any]:
    config = _read(folder / "config.json")
    if not isinstance(config.get("model_type"), str):
        raise ModelError(f"{folder / 'config.json'}: no model_type")
    return config


def _kind(config: dict[str, Any]) -> str:
    return str((config.get("architectures") or [config["model_type"]])[0])


def _weights(folder: Path, adapter: bool) -> Tensors:
    """All tensors of the model, from the index's files or from all safetensors files where there is no
    index.
    """
    files = [
        path for path in sorted(folder.glob("*.safetensors")) if path.name != "adapter_model.safetensors"
    ]
    if not files:
        if adapter:
            raise ModelError(
                f"{folder}: an adapter that was not merged into its model (no weights but the adapter's)"
            )
        pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
        if pickled:
            raise ModelError(
                f"{folder}: {pickled[0]} is pickled, which is not loaded: save the weights as safetensors"
            )
        raise ModelError(f"{folder}: no weights (*.safetensors)")
    tensors: Tensors = {}
    if (folder / INDEX).is_file():
        parts = _read(folder / INDEX).get("weight_map")
        if not isinstance(parts, dict) or not parts:
            raise ModelError(f"{folder / INDEX}: no weight_map")
        for name in parts.values():
            if not isinstance(name, str) or Path(name).name != name or _length(name) > LONGEST_NAME:
                said = str(name)[:LONGEST_NAME]
                raise ModelError(f"{folder / INDEX}: names {said}, which is no file of the model's folder")
        for name in sorted(set(parts.values())):
            tensors |= _header(folder / name)
        absent = sorted(name for name in parts if name not in tensors)
        if absent:
            raise ModelError(f"{folder}: {parts[absent[0]]} lacks {absent[0]}, which {INDEX} names")
        return tensors
    shards = [path.name for path in files if re.search(r"-\d+-of-\d+\.safetensors$", path.name)]
    if shards:
        raise ModelError(f"{folder}: {shards[0]} is a shard, but there is no {INDEX}")
    # Where it is there, model.safetensors alone is what is loaded.
    whole = folder / "model.safetensors"
    for file in [whole] if whole in files else files:
        tensors |= _header(file)
    return tensors


def _length(name: str) -> int:
    return len(name.encode("utf-8", "surrogatepass"))


def _header(file: Path) -> Tensors:
    if not file.is_file():
        what = "no file that can be read twice" if file.exists() else f"no such file, though {INDEX} names it"
        raise ModelError(f"{file}: {what}")
    try:
        return read_header(file)
    except HeaderError as error:
        raise ModelError(f"{file}: broken weights: {error}") from None


def _check_layers(folder: Path, config: dict[str, Any], tensors: Tensors) -> None:
    count = _text_field(config, "num_hidden_layers")
    found = {
        int(match[1])
        for name in tensors
        if "vision" not in name and (match := re.search(r"\blayers\.(\d{1,6})\.", name)) is not None
    }
    if isinstance(count, int) and found:
        absent = next((layer for layer in range(count) if layer not in found), None)
        if absent is not None:
            raise ModelError(f"{folder}: no weights for layer {absent} of {count}")


def _check_embeddings(folder: Path, config: dict[str, Any], tensors: Tensors) -> None:
    size = _text_field(config, "vocab_size")
    for name, shape in tensors.items():
        if name.endswith("embed_tokens.weight") and isinstance(size, int) and shape[0] != size:
            raise ModelError(f"{folder}: {name} has {shape[0]} rows, config.json says vocab_size {size}")


def _read(file: Path) -> dict[str, Any]:
    # Not a pipe, which would be waited for.
    if not file.is_file():
        raise ModelError(f"{file}: no such file")
    if file.stat().st_size > LARGEST_DOCUMENT:
        raise ModelError(f"{file}: {file.stat().st_size} bytes, which no configuration has")
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ModelError(f"{file}: not a JSON object")
    return document
