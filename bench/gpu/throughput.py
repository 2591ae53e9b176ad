"""throughput.py --work DIR --out FILE: tokens per second of a 1.7B model with random weights.

Makes the model (Qwen3-1.7B's shape) and a data set of GSM8K's schema, answers all 1 319 questions with
256 tokens each in the settings of evals/gsm8k/eval.yaml, and a slice of them in upstream's (2 requests at
a time, 30 % of the memory): the engine `hf` alone, then `evaluate.py` as the pipeline starts it. Writes a
JSON document. With `--engine vllm` only the latter, with that engine, into a document that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

EVALS = Path(__file__).resolve().parents[2] / "evals"
sys.path.append(str(EVALS))

ITEMS, TOKENS = 1319, 256
OURS = {"rows": 512, "share": 0.92}
UPSTREAM = {"rows": 2, "share": 0.3}


def make_model(folder: Path, texts: list[str], small: bool) -> None:
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config

    from small_lm.tokenizer import train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(texts, 4096, 8192)
    shape = (
        {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "head_dim": 16}
        if small
        else {"hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28, "head_dim": 128}
    )
    config = Qwen3Config(
        vocab_size=len(tokenizer) if small else 151_936,
        num_attention_heads=4 if small else 16,
        num_key_value_heads=2 if small else 8,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        **shape,
    )
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def problems(folder: Path, size: int) -> None:
    """A data set of GSM8K's schema from the word problems of the profile `gpu`, of which there are enough."""
    from pyarrow import Table, parquet

    from small_lm.skills import words

    for split, number in (("train", 400), ("test", size)):
        # A question that comes twice would be one item.
        made = {item.question: item for item in islice(words(Random(split), tested=False), 2 * number)}
        items = islice(made.values(), number)
        rows = [
            {"question": item.question, "answer": item.answer.replace("\n\nANSWER: ", "\n#### ")}
            for item in items
        ]
        (folder / "main").mkdir(exist_ok=True)
        parquet.write_table(Table.from_pylist(rows), folder / "main" / f"{split}-00000-of-00001.parquet")
    names = "".join(f"  - split: {split}\n    path: main/{split}-*\n" for split in ("train", "test"))
    card = f"---\nconfigs:\n- config_name: main\n  data_files:\n{names}---\n"
    (folder / "README.md").write_text(card)


def asked(model: Path, items: int) -> list[list[int]]:
    """The tokens of the first prompts, as the evaluation asks them."""
    from datasets import load_dataset
    from inspect_evals.gsm8k.gsm8k import MATH_PROMPT_TEMPLATE, record_to_sample, sample_to_fewshot
    from numpy.random import default_rng
    from transformers import AutoTokenizer

    from numpy_lm.hub import snapshot

    folder = str(snapshot("openai/gsm8k", "datasets"))
    train = [record_to_sample(row) for row in load_dataset(folder, "main", split="train")]
    shots = "\n\n".join(
        sample_to_fewshot(train[place]) for place in default_rng(42).permutation(len(train))[:10]
    )
    tokenizer = AutoTokenizer.from_pretrained(model)
    return [
        tokenizer(
            tokenizer.apply_chat_template(
                [
                    {"role": "system", "content": shots},
                    {
                        "role": "user",
                        "content": MATH_PROMPT_TEMPLATE.replace("{prompt}", record_to_sample(row).input),
                    },
                ],
                add_generation_prompt=True,
                tokenize=False,
            ),
            add_special_tokens=False,
        )["input_ids"]
        for row in list(load_dataset(folder, "main", split="test"))[:items]
    ]


def engine(model: Any, tokenizer: Any, prompts: list[list[int]], rows: int) -> dict[str, Any]:
    """Answers all; a first block of the same shape warms up."""
    import torch

    from ptb_evals.chat.hf_batch import Prompt
    from ptb_evals.chat.hf_stream import replies_to

    cuda = model.device.type == "cuda"
    several = [Prompt(ids, TOKENS, number) for number, ids in enumerate(prompts)]
    for _ in replies_to([Prompt(one.ids, 8, 0) for one in several[:rows]], model, tokenizer, True, (), rows):
        pass
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    started = time.perf_counter()
    replies = [reply for _, reply in replies_to(several, model, tokenizer, True, (), rows)]
    seconds = time.perf_counter() - started
    tokens = sum(reply.tokens for reply in replies)
    return {
        "rows": rows,
        "items": len(prompts),
        "prompt_tokens": sum(map(len, prompts)),
        "tokens": tokens,
        "seconds": seconds,
        "tokens_per_second": tokens / seconds,
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else None,
    }


def bound(model: Any, prompts: list[list[int]], rows: int, bandwidth: float) -> float:
    """Seconds that reading all weights once a step, and each row's own keys and values, takes at
    `bandwidth` bytes/s.
    """
    config = model.config
    weights = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    token = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * model.dtype.itemsize
    steps = -(-len(prompts) // rows) * TOKENS
    own = sum(TOKENS * (len(ids) + (TOKENS + 1) / 2) for ids in prompts) * token
    return float(steps * weights + own) / bandwidth


def copy_bandwidth() -> float:
    """Bytes read and written a second by a copy on the device."""
    import torch

    source = torch.randint(0, 255, (4 << 30,), dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    times = []
    for _ in range(12):
        torch.cuda.synchronize()
        started = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return 2 * len(source) / sorted(times)[len(times) // 2]


def program(model: Path, engine: str, settings: dict[str, Any], limit: int) -> dict[str, Any]:
    """`evaluate.py` of gsm8k as the pipeline starts it: `seconds` with imports and loading, and of these
    `asking_seconds` from the first question to the last answer, by its log.
    """
    from inspect_ai.log import read_eval_log

    log_dir = model.parent / f"log-{engine}-{settings['rows']}"
    started = time.perf_counter()
    arguments = (
        f"--engine {engine} --limit {limit} --max-tokens {TOKENS} --max-connections {settings['rows']} "
        f"--gpu-memory-utilization {settings['share']} --log-dir {log_dir}"
    ).split()
    ended = subprocess.run(
        [sys.executable, str(EVALS / "gsm8k" / "evaluate.py"), "--model-path", str(model), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {**settings, "items": limit, "exit": ended.returncode, "seconds": time.perf_counter() - started}
    if ended.returncode != 0:
        return {**found, "stdout": ended.stdout[-2000:], "stderr": ended.stderr[-6000:]}
    (file,) = log_dir.glob("*.eval")
    stats = read_eval_log(str(file), header_only=True).stats
    began, done = (datetime.fromisoformat(one) for one in (stats.started_at, stats.completed_at))
    (usage,) = stats.model_usage.values()
    return {
        **found,
        "asking_seconds": (done - began).total_seconds(),
        "prompt_tokens": usage.input_tokens,
        "tokens": usage.output_tokens,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--small", action="store_true", help="a tiny model and few items: a rehearsal")
    parser.add_argument("--engine", choices=("hf", "vllm"), default="hf")
    given = parser.parse_args()
    os.environ |= {"HF_HOME": str(given.work / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    import torch

    from tiny_lm import data

    items, slice_ = (24, 4) if given.small else (ITEMS, 32)
    home = given.work / "hf" / "hub"
    started = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - started:.1f} s: {what}", flush=True)

    say("imported")
    data.make(problems, "openai/gsm8k", home, items)
    say("data made")
    folder = given.work / "model"
    rows = [row["question"] + row["answer"] for row in _train(home)]
    make_model(folder, rows, given.small)
    say("model made")
    document: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}

    def write(**found: Any) -> None:
        document.update(found)
        given.out.write_text(json.dumps(document, indent=1))
        print(json.dumps(found), flush=True)

    if given.engine == "hf":
        alone(folder, items, slice_, write)
    else:
        write(vllm={"version": version("vllm"), "torch": torch.__version__})
    for name, settings, count in (("ours", OURS, items), ("upstream", UPSTREAM, slice_)):
        write(**{f"program_{given.engine}_{name}": program(folder, given.engine, settings, count)})


def alone(folder: Path, items: int, slice_: int, write: Callable[..., None]) -> None:
    """The engine `hf` without `evaluate.py`, and the bound of its time."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    bandwidth = copy_bandwidth() if torch.cuda.is_available() else 1e10
    write(
        versions={"python": sys.version.split()[0], "torch": torch.__version__},
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        parameters=model.num_parameters(),
        copy_bytes_per_second=bandwidth,
    )
    prompts = asked(folder, items)
    for name, settings, count in (("ours", OURS, items), ("upstream", UPSTREAM, slice_)):
        found = engine(model, tokenizer, prompts[:count], int(settings["rows"]))
        write(**{name: {**found, "bound_seconds": bound(model, prompts[:count], found["rows"], bandwidth)}})
    del model
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _train(home: Path) -> list[dict[str, str]]:
    from pyarrow import parquet

    from numpy_lm.hub import snapshot

    folder = snapshot("openai/gsm8k", "datasets", home)
    rows: list[dict[str, str]] = parquet.read_table(next(folder.glob("main/train-*"))).to_pylist()
    return rows


if __name__ == "__main__":
    main()
