"""Every evaluate.py end to end, offline, with transformers on an untrained model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from inspect_ai import Task
from inspect_ai.dataset import Sample
from transformers import AutoModelForCausalLM, AutoTokenizer

from ptb_evals.benchmark import EvaluationError
from ptb_evals.chat import Chat
from ptb_evals.chat.hf_batch import Prompt, reply_to
from ptb_evals.chat.scorer import exact
from ptb_evals.scorers.numeric import judge

from .world import EVALS, REPOS, SIZE, last_json, model_folder, program, settings


def run(name: str, *arguments: str) -> int:
    """The exit code of an evaluate.py in this process, because its imports take seconds."""
    module = program(name)
    source = (EVALS / name / "evaluate.py").read_text().split('if __name__ == "__main__":\n')[1]
    scope = vars(module) | {"main": lambda benchmark: module.main(benchmark, list(arguments))}
    with pytest.raises(SystemExit) as ended:
        exec("if True:\n" + source, scope)
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", REPOS)
def test_every_eval_ends_with_a_score(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, logs = tmp_path / "metrics.json", tmp_path / "log"
    family = "smollm3" if name == "gpqa-main" else "qwen3"
    arguments = (
        f"--model-path tiny/{family} --engine hf --limit -1 --max-tokens 8 --max-connections 4".split()
    )
    code = run(name, *arguments, "--json-output-file", str(output), "--log-dir", str(logs))
    assert code == 0
    result = json.loads(output.read_text())
    assert result["n"] == SIZE and 0 <= result["accuracy"] <= 1
    assert last_json(capsys.readouterr().out) == result
    assert [file.suffix for file in logs.iterdir()] == [".eval"]


def test_as_a_program_in_a_work_folder(home: Path, tmp_path: Path) -> None:
    """What the agent sees is what eval.yaml names and the shared package: it must suffice."""
    task = tmp_path / "task"
    (task / "ptb_evals").mkdir(parents=True)
    shutil.copy(EVALS / "gsm8k" / "evaluate.py", task)
    text = (EVALS / "gsm8k" / "eval.yaml").read_text()
    patterns = [word.strip(" ,[]") for word in text.split("imports:")[1].split()]
    for pattern in ("evals/ptb_evals/*.py", *(word for word in patterns if word)):
        for file in EVALS.parent.glob(pattern):
            copy = task / file.relative_to(EVALS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    shutil.copytree(model_folder(), task / "final_model")
    (task / "templates").mkdir()
    template = (task / "final_model" / "chat_template.jinja").rename(task / "templates" / "qwen3.jinja")
    assert template.is_file()
    environment = {
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        # Where the packages are, when they are not those of the interpreter.
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    ended = subprocess.run(
        [sys.executable, "evaluate.py", "--engine", "hf", "--few-shot", "--limit", "2", "--max-tokens", "4"],
        cwd=task,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert last_json(ended.stdout)["n"] == 2
    assert sorted(path.name for path in task.iterdir() if path.name != "__pycache__") == [
        "evaluate.py",
        "final_model",
        "ptb_evals",
        "templates",
    ]


def test_a_model_that_does_not_load(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "final_model"
    shutil.copytree(model_folder(), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "unheard_of"}))
    assert run("aime2025", "--model-path", str(folder), "--engine", "hf") == 2
    assert "unheard_of" in capsys.readouterr().err


def test_rows_are_samples_of_their_own_seeds() -> None:
    """An answer is the same alone and among others, another with another seed, and spread as the softmax."""
    folder = model_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer("has 3 apples")["input_ids"]

    def texts(*prompts: Prompt) -> list[str]:
        return [reply.text for reply in reply_to(prompts, model, tokenizer, False, ())]

    alone = texts(Prompt(ids, 6, 5))
    assert texts(Prompt(ids * 3, 6, 7), Prompt(ids, 6, 5), Prompt(ids, 6, 8))[1] == alone[0]
    assert len(set(texts(*(Prompt(ids, 6, seed) for seed in range(16))))) > 12

    with torch.inference_mode():
        wanted = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
    drawn = 2000
    made = reply_to([Prompt(ids, 1, seed) for seed in range(drawn)], model, tokenizer, False, ())
    likely = int(wanted.argmax())
    share = sum(reply.text == tokenizer.decode([likely]) for reply in made) / drawn
    # Five standard errors.
    assert abs(share - wanted[likely]) < 5 * (float(wanted[likely]) / drawn) ** 0.5


def test_generation_config_is_respected(tmp_path: Path) -> None:
    folder = model_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer("has 3 apples")["input_ids"]
    greedy = reply_to([Prompt(ids, 6, 1)], model, tokenizer, True, ())
    model.generation_config.top_k = 1
    assert reply_to([Prompt(ids, 6, 2)], model, tokenizer, False, ()) == greedy
    # A token that ends every answer.
    first = tokenizer(greedy[0].text, add_special_tokens=False)["input_ids"][0]
    model.generation_config.eos_token_id = [first]
    assert reply_to([Prompt(ids, 6, 2)], model, tokenizer, True, ())[0].tokens == 0


def test_an_answer_ends_at_a_stop_text() -> None:
    folder = model_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer("has 3 apples")["input_ids"]
    whole = reply_to([Prompt(ids, 8, 1)], model, tokenizer, False, ())[0].text
    mark = whole[len(whole) // 2 :][:3]
    cut = reply_to([Prompt(ids, 8, 1)], model, tokenizer, False, (mark,))[0]
    assert cut.text == whole[: whole.find(mark)] and cut.ended


def test_what_inspect_ai_refuses_is_said() -> None:
    twice = [Sample(id="a", input="1 + 1?", target="2")] * 2
    exam = Chat("openai/gsm8k", lambda *_: Task(dataset=twice, scorer=exact(judge)), engines=("hf",))
    with pytest.raises(EvaluationError, match="duplicate sample ids"):
        exam.measure(settings(model_folder()))
