"""What `vllm serve` is started with. That vLLM knows each option is checked by test/vllm_options.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ptb_evals.benchmark import EvaluationError, Settings
from ptb_evals.chat.prompt import asking
from ptb_evals.chat.vllm import ROOM_FOR_PROMPT, server


def settings(model: Path, **changes: Any) -> Settings:
    full = {"limit": None, "max_tokens": 4000, "max_connections": 512, "gpu_memory_utilization": 0.92}
    return Settings(**{"model": model, "engine": "vllm", "template": None, "seed": 3, **full, **changes})


def test_the_servers_options(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 131072}}))
    template = tmp_path / "qwen3.jinja"
    assert server(settings(tmp_path), template) == {
        "host": "127.0.0.1",
        "timeout": 1800,
        "max_model_len": 4000 + ROOM_FOR_PROMPT,
        "max_num_seqs": 512,
        "gpu_memory_utilization": 0.92,
        "chat_template": str(template),
        "generation_config": "auto",
        "seed": 3,
        "enable_auto_tool_choice": None,
        "tool_call_parser": "hermes",
    }


def test_a_retry_asks_for_a_shorter_context(tmp_path: Path) -> None:
    lengths = [
        server(settings(tmp_path, max_tokens=most), tmp_path)["max_model_len"] for most in (4000, 3000, 2000)
    ]
    assert lengths == [4000 + ROOM_FOR_PROMPT, 3000 + ROOM_FOR_PROMPT, 2000 + ROOM_FOR_PROMPT]


def test_the_context_is_never_longer_than_the_models(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 2048}))
    assert server(settings(tmp_path), tmp_path)["max_model_len"] == 2048


def test_a_base_model_gets_plain_text(tmp_path: Path) -> None:
    """With the token before it that the family's template begins with, where it has one."""
    template = tmp_path / "family.jinja"
    template.write_text("<|im_start|>{{ messages[0]['content'] }}{{ tools }}")
    plain = asking(settings(tmp_path, template=template, few_shot=True), ("\n\nQuestion:",))
    assert plain.template == "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    assert (plain.tools, plain.stop) == (False, ("\n\nQuestion:",))
    template.write_text("{{ bos_token }}<start_of_turn>")
    assert asking(settings(tmp_path, template=template, few_shot=True), ()).template == (
        "{{ bos_token }}" + plain.template
    )


def test_a_chat_needs_a_template(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no chat template"):
        asking(settings(tmp_path), ())
    assert asking(settings(tmp_path, few_shot=True), ()).stop == ()
