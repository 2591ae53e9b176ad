"""These tests need the packages of containers/cpu.txt: test/evals.sh installs them and runs the tests."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

collect_ignore_glob: list[str] = []

if all(find_spec(library) for library in ("inspect_ai", "inspect_evals", "torch", "transformers")):
    from .world import home, offline

    __all__ = ["home", "offline"]
else:
    collect_ignore_glob = ["test_*.py"]

    def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line("evals/ptb_evals/tests/chat: needs torch, so by test/evals.sh")
