"""What `vllm serve` is started with. The server itself cannot be had without a GPU."""

from __future__ import annotations

import json
from pathlib import Path

from ptb_evals.chat.vllm import ROOM_FOR_PROMPT, server

from .world import settings


def test_the_servers_options(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 131072}}))
    given = settings(
        tmp_path, engine="vllm", max_tokens=4000, max_connections=512, gpu_memory_utilization=0.92
    )
    options = server(given, tmp_path / "qwen3.jinja")
    assert options["max_model_len"] == 4000 + ROOM_FOR_PROMPT
    assert (options["max_num_seqs"], options["gpu_memory_utilization"]) == (512, 0.92)
    assert options["chat_template"] == str(tmp_path / "qwen3.jinja")
    assert options["enable_auto_tool_choice"] is None and options["tool_call_parser"] == "hermes"
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 2048}))
    assert server(given, tmp_path / "qwen3.jinja")["max_model_len"] == 2048
