#!/usr/bin/env bash
# An agent that gives up at once: submits the base model as it is.
set -euo pipefail

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

folder="$(python3 -c 'import sys; from numpy_lm.hub import snapshot; print(snapshot(sys.argv[1]))' "$PTB_MODEL_BASE")"
say tool_call "cp -RL $folder final_model"
# The cache is read-only; the copy must not be.
cp -RL "$folder" final_model
chmod -R u+w final_model
say message "Done: final_model is the base model $PTB_MODEL_BASE, unchanged."
