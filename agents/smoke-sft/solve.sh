#!/usr/bin/env bash
# An honest agent in one script: writes a training program, runs it, checks the result, leaves ./final_model.
set -euo pipefail
prompt="$1"

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

say message "The task has $(wc -w <"$prompt") words: post-train $PTB_MODEL_BASE for $(cat benchmark.txt) in $PTB_HOURS h."
say message "$(bash timer.sh)"

cat >train.py <<'EOF'
"""Fine-tunes the base model on the training split of the benchmark's data set."""

import json
import os
import subprocess

import numpy_lm
from numpy_lm.hub import snapshot

STEPS, LOOK_EVERY = 250, 50


def time_is_left() -> bool:
    timer = subprocess.run(["bash", "timer.sh"], capture_output=True, text=True, check=False)
    return "expired" not in timer.stdout.lower()


def main() -> None:
    data = snapshot(json.loads(os.environ["PTB_BENCHMARK_DATA"])["repo"], "datasets")
    rows = [json.loads(line) for line in (data / "train.jsonl").read_text().splitlines()]
    examples = [numpy_lm.Example(row["prompt"], row["answer"]) for row in rows]
    model = numpy_lm.load(snapshot(os.environ["PTB_MODEL_BASE"]))
    # From the first moment there is something to submit, however the time ends.
    model.save("final_model")

    def on_step(step: int, loss: float) -> bool:
        if (step + 1) % LOOK_EVERY != 0:
            return True
        model.save("final_model")
        print(json.dumps({"type": "tool_result", "text": f"step {step + 1} of {STEPS}: loss {loss:.4f}"}), flush=True)
        return time_is_left()

    seed = int(os.environ.get("PTB_REPLICATE", "1"))
    numpy_lm.train(model, examples, steps=STEPS, seed=seed, batch=96, rate=5e-3, on_step=on_step)
    model.save("final_model")


if __name__ == "__main__":
    main()
EOF

say tool_call "python3 train.py"
python3 train.py

say tool_call "python3 evaluate.py --model-path final_model --limit 50"
say tool_result "$(python3 evaluate.py --model-path final_model --limit 50 2>&1 || true)"
say message "$(bash timer.sh)"
say message "Done: the fine-tuned model is in final_model."
