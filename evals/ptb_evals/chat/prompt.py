"""How a model is asked: the chat template, and whether it samples."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..benchmark import EvaluationError, Settings

# A base model that is shown examples reads plain text: this template adds nothing to it, but for the token
# with which some families begin every text.
PLAIN = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
BEGINNING = "{{ bos_token }}"


@dataclass(frozen=True)
class Asking:
    """`template` is the chat template's text; `tools` says whether it has a place for tools; `greedy` whether
    the model's generation_config.json asks for the likeliest token each time."""

    template: str
    tools: bool
    greedy: bool
    stop: tuple[str, ...]


def asking(settings: Settings, stop: tuple[str, ...]) -> Asking:
    """Raises EvaluationError where there is no chat template at all."""
    own = _template(settings)
    if settings.few_shot:
        template = (BEGINNING if own is not None and "bos_token" in own else "") + PLAIN
    elif own is not None:
        template = own
    else:
        raise EvaluationError(f"{settings.model}: no chat template, and none was given with --templates-dir")
    sampling = _document(settings.model / "generation_config.json")
    return Asking(
        template,
        tools="tools" in template,
        # transformers' default where the file is silent; vLLM would sample.
        greedy=not sampling.get("do_sample", False),
        stop=stop if settings.few_shot else (),
    )


def context(model: Path) -> int | None:
    """The most tokens that the model takes in, prompt and answer together."""
    config = _document(model / "config.json")
    text = config.get("text_config", {})
    most = text.get("max_position_embeddings", config.get("max_position_embeddings"))
    return most if isinstance(most, int) else None


def _template(settings: Settings) -> str | None:
    """The family's chat template where it was given, else the model's own."""
    if settings.template is not None:
        return settings.template.read_text(encoding="utf-8")
    plain = settings.model / "chat_template.jinja"
    if plain.is_file():
        return plain.read_text(encoding="utf-8")
    own = _document(settings.model / "tokenizer_config.json").get("chat_template")
    return own if isinstance(own, str) else None


def _document(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
