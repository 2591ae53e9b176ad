from __future__ import annotations

import json
from pathlib import Path

import pytest
from chat_template import chat_template


@pytest.mark.parametrize(
    ("files", "template"),
    [
        ({"chat_template.jinja": "J", "tokenizer_config.json": json.dumps({"chat_template": "T"})}, "J"),
        ({"chat_template.json": json.dumps({"chat_template": "P"})}, "P"),
        ({"processor_config.json": json.dumps({"chat_template": "P"}), "tokenizer_config.json": "{}"}, "P"),
        ({"tokenizer_config.json": json.dumps({"chat_template": "T"})}, "T"),
        (
            {
                "tokenizer_config.json": json.dumps(
                    {
                        "chat_template": [
                            {"name": "tool_use", "template": "U"},
                            {"name": "default", "template": "D"},
                        ]
                    }
                )
            },
            "D",
        ),
        ({"tokenizer_config.json": "{}"}, None),
        ({}, None),
    ],
)
def test_where_a_model_keeps_its_template(
    tmp_path: Path, files: dict[str, str], template: str | None
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert chat_template(tmp_path) == template
