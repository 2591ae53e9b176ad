#!/usr/bin/env bash
# An honest agent in one script: writes a training program, runs it, looks at the score of a few items, leaves ./final_model.
set -euo pipefail

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

cat >train.py <<'PYTHON'
"""Fine-tunes the base model on questions of the benchmark's kind, none of which the benchmark asks."""

import json
import os
import shutil
import subprocess

from huggingface_hub import snapshot_download
from tiny_lm.lessons import lessons
from tiny_lm.training import train
from transformers import AutoModelForCausalLM, AutoTokenizer

STEPS, LOOK_EVERY = 300, 50


def main() -> None:
    base = snapshot_download(os.environ["PTB_MODEL_BASE"], local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base)

    def save() -> None:
        for part in (model, tokenizer):
            part.save_pretrained("new")
        shutil.rmtree("final_model", ignore_errors=True)
        os.rename("new", "final_model")

    def on_step(step: int, loss: float) -> bool:
        if (step + 1) % LOOK_EVERY != 0:
            return True
        save()
        print(json.dumps({"type": "tool_result", "text": f"step {step + 1} of {STEPS}: loss {loss:.3f}"}), flush=True)
        timer = subprocess.run(["bash", "timer.sh"], capture_output=True, text=True, check=False)
        return "expired" not in timer.stdout

    seed = int(os.environ.get("PTB_REPLICATE", "1"))
    # From the first moment there is something to submit, however the time ends.
    save()
    train(model, tokenizer, lessons(os.environ["PTB_BENCHMARK"], seed), steps=STEPS, on_step=on_step)
    save()


if __name__ == "__main__":
    main()
PYTHON

say tool_call 'python3 train.py'
python3 train.py

say tool_call 'python3 evaluate.py --engine hf --limit 10 --max-tokens 24'
say tool_result "$(python3 evaluate.py --engine hf --limit 10 --max-tokens 24 2>&1 || true)"
say message "$(bash timer.sh)"
say message 'Done: the fine-tuned model is in final_model.'
