#!/usr/bin/env bash
# solve.sh PROMPT-FILE: starts in the work folder, with evaluate.py in it, and leaves final_model/. Its stdout is the trace.
set -euo pipefail

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

# The model to post-train, as the Hugging Face libraries cache it.
cached=$HF_HOME/hub/models--${PTB_MODEL_BASE//\//--}
base=$cached/snapshots/$(<"$cached/refs/main")

say message "I was asked: $(head -n 1 "$1")"

# Here the work begins. Until it is written, the base model is handed in as it is: its score is the base model's. For an
# agent's command line, agents/common.sh has what is shared: sessions, secrets, re-prompting.
say tool_call "cp -RL $base final_model"
cp -RL "$base" final_model
# The cache is read-only; the copy must not be.
chmod -R u+w final_model

say message "Done: final_model is the base model, unchanged."
