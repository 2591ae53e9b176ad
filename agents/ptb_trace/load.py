"""Finds an agent's parser."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from .parser import Parser, Plain


def parser_of(agent: Path) -> Parser:
    """A new parser for the agent in this folder: `PARSER` of its trace.py, or `Plain`."""
    file = agent / "trace.py"
    if not file.is_file():
        return Plain()
    # Not by the name "trace", which is a module of Python's own.
    spec = importlib.util.spec_from_file_location("agent_trace", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    parser = module.PARSER()
    assert isinstance(parser, Parser)
    return parser
