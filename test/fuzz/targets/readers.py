"""The programs that read what an agent left as its model, many cases in one process.

`readers.py make FOLDER` saves a small model there. `readers.py FOLDER` answers for each line on stdin, the
path of a model's folder, with a line {"wrong": str | null, "ms": processor time, "mb": peak memory so far}:
FOLDER is the base model that it is compared with. PYTHONPATH names evals and stages/evidence.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from lineage import find_lineage
from safetensors_file import read_checkpoint
from tampering import find_model_settings

import numpy_lm
from ptb_evals.benchmark import ModelError
from ptb_evals.load_check import check_architecture, check_model

# What a reader may take beyond its imports. In bytes.
ROOM = 1 << 30


def make(folder: Path) -> None:
    """A model of some thousand weights."""
    tokenizer = numpy_lm.Tokenizer()
    config = numpy_lm.Config(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
    )
    numpy_lm.Model.fresh(config, tokenizer, seed=1).save(folder)
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}', encoding="utf-8")


def look(folder: Path, base: Path) -> str | None:
    """What none of the readers may do with any folder; None where all is well.

    The readers say what is wrong with a model by ModelError, or as findings.
    """
    for name, reader in (
        ("check", lambda: check_model(folder)),
        ("architecture", lambda: check_architecture(folder, base)),
        ("load", lambda: numpy_lm.load(folder)),
        ("checkpoint", lambda: _read_all(folder)),
        ("lineage", lambda: find_lineage(folder, base, base, {}, {"base": "a/b", "instruct": "a/c"}, 1)),
        ("settings", lambda: find_model_settings(folder, base, base, base)),
    ):
        try:
            reader()
        except (ModelError, numpy_lm.ModelError) as error:
            if len(str(error)) > 2000 or "\n" in str(error):
                return f"{name}: a message of {len(str(error))} characters, or of several lines"
        except Exception as error:
            return f"{name}: {type(error).__name__}: {str(error)[:300]}"
    return None


def _read_all(folder: Path) -> None:
    for tensor in read_checkpoint(folder).tensors.values():
        try:
            tensor.read(0, min(tensor.size, 1 << 16))
        except (OSError, ValueError):
            continue


def main() -> None:
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
        return
    base = Path(sys.argv[1])
    look(base, base)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
    for line in sys.stdin:
        began = time.process_time()
        wrong = look(Path(line.rstrip("\n")), base)
        ms = (time.process_time() - began) * 1000
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"wrong": wrong, "ms": ms, "mb": peak}), flush=True)


if __name__ == "__main__":
    main()
