#!/usr/bin/env bash
# An honest agent in one script: trains, checks the result, leaves ./final_model.
set -euo pipefail
prompt="$1"
here=$(cd "$(dirname "$0")" && pwd)

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

say message "The task has $(wc -w <"$prompt") words: post-train $PTB_MODEL_BASE for $(cat benchmark.txt) in $PTB_HOURS h."
say message "$(bash timer.sh)"
cp "$here/train_lora.py" train.py
say tool_call "python3 train.py"
python3 train.py
say tool_call "python3 evaluate.py --model-path final_model --engine hf"
say tool_result "$(python3 evaluate.py --model-path final_model --engine hf 2>&1 || true)"
say message "$(bash timer.sh)"
say message "Done: the fine-tuned model is in final_model."
