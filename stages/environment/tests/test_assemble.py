"""Assembles a made-up installation twice, as two installers at two places would leave it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ASSEMBLE = Path(__file__).resolve().parent.parent / "assemble.py"


def build(place: Path, installer: str) -> Path:
    env, project = place / "env", place / "project"
    info, module = env / "site" / "thing-1.0.dist-info", env / "site" / "thing"
    for folder in (info, module / "__pycache__", env / "site" / "bin", project / "pkgs" / "own" / "tests"):
        folder.mkdir(parents=True)
    (module / "__init__.py").write_text("WORDS = {'a', 'b', 'c', 'd'} & frozenset({'a', 'b', 'c'})\n")
    (module / "broken.py").write_text("this is no program\n")
    (module / "__pycache__" / "old.pyc").write_text(str(place))
    (info / "METADATA").write_text("Name: thing\n")
    (info / "INSTALLER").write_text(installer)
    (info / "RECORD").write_text(str(place))
    (env / "site" / "bin" / "thing").write_text(f"#!{place}")
    (project / "pkgs" / "own" / "__init__.py").write_text("import thing\n")
    (project / "pkgs" / "own" / "tests" / "test_own.py").write_text("")
    command = [sys.executable, "-I", str(ASSEMBLE), "--env", str(env), "--project", str(project)]
    subprocess.run([*command, "--packages", '["pkgs/own"]'], check=True, capture_output=True)
    return env


def listing(env: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(env).as_posix(): (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
        for path in sorted(env.rglob("*"))
    }


def test_two_builds_are_equal(tmp_path: Path) -> None:
    before = os.umask(0o077)
    one = build(tmp_path / "one", "pip")
    os.umask(0o022)
    other = build(tmp_path / "tests" / "other", "uv")
    os.umask(before)
    assert listing(one) == listing(other)
    assert not [
        name for name in listing(one) if name.endswith(("RECORD", "INSTALLER", "old.pyc", "test_own.py"))
    ]
    assert [name for name in listing(one) if name.startswith("site/own/__pycache__/")]


def test_the_environment_may_be_moved(tmp_path: Path) -> None:
    moved = build(tmp_path / "a place", "pip").rename(tmp_path / "moved")
    command = [
        str(moved / "bin" / "python3"),
        "-c",
        "import own, sys; print(own.__file__, sys.dont_write_bytecode)",
    ]
    said = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout
    assert said == f"{moved}/site/own/__init__.py True\n"


def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, str(ASSEMBLE), "--env", str(tmp_path), "--project", str(tmp_path)]
    ended = subprocess.run(
        [*command, "--packages", '["evals/none"]'], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, "environment.packages: evals/none holds no Python file\n")


def test_what_is_pinned_comes_without_the_packages_of_the_machine(tmp_path: Path) -> None:
    python = build(tmp_path, "pip") / "bin" / "python3"
    # A child that is started by its own path too.
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import sys; print(sys.path)'])"
    said = subprocess.run([str(python), "-c", script], cwd="/", capture_output=True, text=True, check=True)
    assert "/site" in said.stdout
    assert "site-packages" not in said.stdout and "dist-packages" not in said.stdout
