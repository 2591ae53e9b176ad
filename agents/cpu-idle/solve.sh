#!/usr/bin/env bash
# An agent that gives up at once: submits the base model as it is.
set -euo pipefail

folder=$(python3 -c 'import sys; from huggingface_hub import snapshot_download as f; print(f(sys.argv[1], local_files_only=True))' \
  "$PTB_MODEL_BASE")
# The cache is read-only; the copy must not be.
cp -RL "$folder" final_model
chmod -R u+w final_model
echo '{"type": "message", "text": "Done: final_model is the base model, unchanged."}'
