"""A final_model whose configuration, code or chat template attacks the engine that loads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .test_hf import run
from .world import model_folder

CODE = (
    "open({ran!r}, 'w').close()\nfrom transformers import PretrainedConfig\nclass M(PretrainedConfig): pass\n"
)
TEMPLATES = {
    "reaches for Python": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "calls Python": "{{ cycler.__init__.__globals__.os.system('touch ' ~ 'RAN') }}",
    "counts to a thousand million": "{% for i in range(10 ** 9) %}{{ i }}{% endfor %}",
}


def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "final_model"
    shutil.copytree(model_folder(), folder)
    return folder


def edit(file: Path, **fields: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


@pytest.mark.parametrize("kind", ["qwen3", "own"])
def test_own_code_is_not_run(
    kind: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hostile(tmp_path)
    (folder / "modeling.py").write_text(CODE.format(ran=str(tmp_path / "ran")))
    maps = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "modeling.M")
    edit(folder / "config.json", model_type=kind, auto_map=maps)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling.M", "modeling.M"]})
    code = run("aime2025", "--model-path", str(folder), "--engine", "hf", "--limit", "1", "--max-tokens", "4")
    said = capsys.readouterr()
    # The family's own classes load a model of a known family; another one does not load.
    assert code == (0 if kind == "qwen3" else 2), said.err
    assert not (tmp_path / "ran").exists()
    assert "/ptb-evaluate-" not in said.err


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_chat_template_runs_nothing(
    name: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own template is asked for only where the pipeline hands over none; it is never a score then."""
    folder = hostile(tmp_path)
    template = TEMPLATES[name].replace("RAN", str(tmp_path / "ran"))
    (folder / "chat_template.jinja").write_text(template)
    code = run("aime2025", "--model-path", str(folder), "--engine", "hf", "--limit", "1", "--max-tokens", "4")
    assert code == 1 and capsys.readouterr().err
    assert not (tmp_path / "ran").exists()
