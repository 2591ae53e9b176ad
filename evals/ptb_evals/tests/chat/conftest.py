"""These tests need the packages of containers/cpu.txt: test/evals.sh installs them and runs the tests."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob: list[str] = []

if all(find_spec(library) for library in ("inspect_ai", "inspect_evals", "torch", "transformers")):
    from .world import home, offline

    __all__ = ["home", "offline"]
else:
    collect_ignore_glob = ["test_*.py"]
