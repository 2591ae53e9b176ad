"""Checks that the vLLM which containers/standard.in pins knows each option that the engine `vllm` passes.

By its sources in PyPI's wheel (440 MB), because vLLM itself needs a GPU: `npm run test:vllm`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "evals"))

from ptb_evals.benchmark import Settings  # noqa: E402
from ptb_evals.chat.vllm import server  # noqa: E402

# inspect-ai's own, not the server's.
INSPECTS = {"timeout"}
CLASSES = {"vllm/entrypoints/openai/cli_args.py": "FrontendArgs", "vllm/engine/arg_utils.py": "EngineArgs"}
PARSERS = "vllm/entrypoints/openai/tool_parsers/"


def fields(source: str, name: str) -> set[str]:
    (found,) = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return {
        line.target.id
        for line in found.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def main() -> int:
    definition = (ROOT / "containers" / "standard.in").read_text(encoding="utf-8")
    (pin,) = re.findall(r"\bvllm==[\d.]+", definition)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", folder, pin], check=True)
        (file,) = Path(folder).iterdir()
        with ZipFile(file) as wheel:
            known = {
                field for path, name in CLASSES.items() for field in fields(wheel.read(path).decode(), name)
            }
            parsers = "".join(
                wheel.read(path).decode() for path in wheel.namelist() if path.startswith(PARSERS)
            )
    options = server(Settings(Path("model"), "vllm", None, 4000, 512, 0.92, None, 1), Path("template.jinja"))
    wrong = sorted(options.keys() - INSPECTS - known)
    if f'register_module("{options["tool_call_parser"]}")' not in parsers:
        wrong.append(f"tool_call_parser {options['tool_call_parser']}")
    print(f"{pin}: {f'does not know {wrong}' if wrong else f'knows {sorted(options.keys() - INSPECTS)}'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
