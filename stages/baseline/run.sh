#!/usr/bin/env bash
# Scores the base model and the instruct model exactly as evaluate scores an agent's; here one that does not load is a
# failure.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

base=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_BASE")
instruct=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_INSTRUCT")

bash "$PTB_FILES/stages/evaluate/evaluate.sh" "$base" "$PTB_OUT/base.json"
bash "$PTB_FILES/stages/evaluate/evaluate.sh" "$instruct" "$PTB_OUT/instruct.json"
