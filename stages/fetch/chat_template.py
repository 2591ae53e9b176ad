"""Takes the chat template out of a fetched model: the family's own, so that none is written by hand.

Tokenizers keep it in `chat_template.jinja`, processors in `chat_template.json` or `processor_config.json`,
older tokenizers in `tokenizer_config.json` under "chat_template" (a text, or a list of {name, template} of
which "default" counts).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def chat_template(snapshot: Path) -> str | None:
    """The template's text, or None where the model has none. A broken file raises json.JSONDecodeError."""
    plain = snapshot / "chat_template.jinja"
    if plain.is_file():
        return plain.read_text(encoding="utf-8")
    for name in ("chat_template.json", "processor_config.json", "tokenizer_config.json"):
        file = snapshot / name
        if not file.is_file():
            continue
        found = json.loads(file.read_text(encoding="utf-8")).get("chat_template")
        if isinstance(found, list):
            found = {entry["name"]: entry["template"] for entry in found}.get("default")
        if isinstance(found, str):
            return found
    return None


def main() -> int:
    """Writes the template; a model without one leaves nothing and is no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hub", type=Path, required=True)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    folder = arguments.hub / f"models--{arguments.repo.replace('/', '--')}"
    commit = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    template = chat_template(folder / "snapshots" / commit)
    if template is None:
        print(f"fetch: {arguments.repo} ships no chat template", file=sys.stderr)
        return 0
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_text(template, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
