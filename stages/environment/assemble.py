"""Turns a folder of freshly installed packages into an environment that is the same bytes whenever it is
built.

Layout: `env/site/` (packages), `env/bin/python3` and `env/bin/python` (how jobs start Python with them).
Where packages were installed, the machine's own are out of sight.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

# What installers note about the installation itself: who did it, when, from where. RECORD goes too: it lists
# files that are removed here, and a distribution without it is one that no installer touches (PEP 627).
NOTES = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_build.json", "uv_cache.json"}

WRAPPER = """\
#!/bin/sh
# Python with the packages of ../site. It finds them from its own place, so the folder may be moved or mounted
# anywhere.
here=$(CDPATH='' cd -- "${{0%/*}}/.." && pwd -P) || exit 1
PYTHONPATH=${{PYTHONPATH:+$PYTHONPATH:}}$here/site
# Jobs are many and small: one thread each, unless the job says otherwise.
OPENBLAS_NUM_THREADS=${{OPENBLAS_NUM_THREADS:-1}}
OMP_NUM_THREADS=${{OMP_NUM_THREADS:-1}}
VECLIB_MAXIMUM_THREADS=${{VECLIB_MAXIMUM_THREADS:-1}}
PYTHONDONTWRITEBYTECODE=1
PYTHONNOUSERSITE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONNOUSERSITE
export OPENBLAS_NUM_THREADS OMP_NUM_THREADS VECLIB_MAXIMUM_THREADS
exec {python} "$@"
"""

# Python imports a module of this name before anything else.
ALONE = """\
# What is pinned here comes without what the machine's own Python happens to have: a library that looks
# whether another is there would find one that does not fit.
import sys

sys.path[:] = [path for path in sys.path if not path.rstrip("/").endswith(("site-packages", "dist-packages"))]
"""


def prune(site: Path) -> None:
    """Removes what differs between two installations of the same wheels: notes, scripts, locks, caches."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    for note in [path for info in site.glob("*.dist-info") for path in info.iterdir() if path.name in NOTES]:
        note.unlink()
    for cache in list(site.rglob("__pycache__")):
        shutil.rmtree(cache)


def copy_packages(project: Path, packages: list[str], site: Path) -> None:
    """Copies the project's own packages, without their tests. Raises FileNotFoundError for a folder that is
    not there."""
    for package in packages:
        source = project / package
        if not source.is_dir():
            raise FileNotFoundError(f"{package} holds no Python file")
        skip = shutil.ignore_patterns("tests", "test_*.py", "conftest.py", "__pycache__")
        shutil.copytree(source, site / source.name, ignore=skip)


def same_modes(env: Path) -> None:
    """One mode for all packages' files, one for folders and start scripts, whatever the umask and the
    installer."""
    for path in [env, *env.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent == env / "bin" else 0o644)


def compile_all(site: Path) -> None:
    """Byte code without times or absolute paths; a fresh process in a fixed order gives the same bytes each
    time.

    Jobs import numpy a few times a minute, and without byte code every import would compile it anew.
    """
    command = [sys.executable, "-s", "-m", "compileall", "-q", "-j", "1", "-x", "/tests?/"]
    command += ["--invalidation-mode", "unchecked-hash", "."]
    # Relative to the folder, so that no path of this build stands in the code. The hash seed is fixed because
    # it decides the order of frozen sets. A file that does not compile (for another Python version) just
    # stays without.
    subprocess.run(
        command, cwd=site, check=False, env={"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    )


def write_wrappers(env: Path, python: str) -> None:
    """`bin/python3` and `bin/python`, which start `python` (absolute path) with the packages of `site/`."""
    (env / "bin").mkdir(exist_ok=True)
    for name in ("python3", "python"):
        (env / "bin" / name).write_text(WRAPPER.format(python=shlex.quote(python)), encoding="utf-8")


def main() -> int:
    """Exits 0, or 1 with one line that says what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--env",
        type=Path,
        required=True,
        help="the environment; its site/ is there already where packages were installed",
    )
    parser.add_argument(
        "--project", type=Path, required=True, help="the folder that --packages are relative to"
    )
    parser.add_argument(
        "--packages", type=json.loads, default=[], help="JSON list of folders of Python packages"
    )
    arguments = parser.parse_args()
    site = arguments.env / "site"
    pinned = site.exists()
    site.mkdir(parents=True, exist_ok=True)
    prune(site)
    if pinned:
        (site / "sitecustomize.py").write_text(ALONE, encoding="utf-8")
    try:
        copy_packages(arguments.project, arguments.packages, site)
    except FileNotFoundError as error:
        print(f"environment.packages: {error}", file=sys.stderr)
        return 1
    compile_all(site)
    write_wrappers(arguments.env, sys.executable)
    same_modes(arguments.env)
    return 0


if __name__ == "__main__":
    sys.exit(main())
