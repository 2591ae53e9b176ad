"""What of a model's folder the engines see: its weights, configuration and tokenizer.

The libraries do more with a folder than load it: an adapter's configuration makes transformers load another
model in its place, Python files are a model's own code, pickled files run code.
"""

from __future__ import annotations

from pathlib import Path

SHOWN = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken")
HIDDEN = "adapter_*"


def shown(model: Path, at: Path) -> Path:
    """A folder `at` of links to the files of `model` that are loaded."""
    at.mkdir(parents=True)
    for file in model.iterdir():
        if file.is_file() and any(file.match(name) for name in SHOWN) and not file.match(HIDDEN):
            (at / file.name).symlink_to(file.resolve())
    return at
