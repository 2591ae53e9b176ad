"""The engine `vllm`: a server of its own on this machine, started by inspect-ai's provider."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark import Settings
from .prompt import context

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig, Model

# Tokens that a prompt may take beside the answer: ten worked examples are about 2000.
ROOM_FOR_PROMPT = 8192

# Seconds until a server must answer; compiling a 4B model's graphs takes two minutes.
START = 1800


@contextmanager
def vllm_model(settings: Settings, template: Path, config: GenerateConfig) -> Iterator[Model]:
    """A server for as long as the context lasts. Raises RuntimeError with the server's own reason where it
    does not come up, or where it has given one when the context ends with an error.
    """
    from inspect_ai.model import get_model

    from .children import Said, children_end

    # It warns that there is no server yet.
    logging.getLogger("inspect_ai.model._providers.vllm").setLevel(logging.ERROR)
    said = Said()
    try:
        with children_end(), said:
            yield get_model(
                f"vllm/{settings.model.resolve()}", config=config, memoize=False, **server(settings, template)
            )
    except (RuntimeError, OSError) as error:
        reason = said.reason()
        # inspect-ai adds how to run the command by hand.
        why = str(error).partition(" Try ")[0]
        raise RuntimeError(why if reason is None else f"{why} The server: {reason}") from error


def server(settings: Settings, template: Path) -> dict[str, Any]:
    """Options of `vllm serve`; None makes a flag without a value.

    The context is cut to what can be needed, or a model made for 128k tokens would not fit in an agent's
    share of the GPU.
    """
    wanted = settings.max_tokens + ROOM_FOR_PROMPT
    most = context(settings.model)
    return {
        "host": "127.0.0.1",
        "timeout": START,
        "max_model_len": wanted if most is None else min(most, wanted),
        "max_num_seqs": settings.max_connections,
        "gpu_memory_utilization": settings.gpu_memory_utilization,
        "chat_template": str(template),
        "generation_config": "auto",
        "seed": settings.seed,
        "enable_auto_tool_choice": None,
        "tool_call_parser": "hermes",
    }
