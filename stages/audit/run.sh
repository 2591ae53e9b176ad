#!/usr/bin/env bash
# Looks for broken rules in what the agent left. The checks are deterministic: the same work gives the same verdict.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

base=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_BASE")
instruct=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_INSTRUCT")

exec python3 "$PTB_FILES/stages/audit/audit.py" \
  --task "$PTB_IN_POST_TRAIN/task" --model "$PTB_IN_POST_TRAIN/final_model" \
  --base "$base" --instruct "$instruct" --data "$PTB_IN_FETCH_DATA/hub" \
  --evals "$PTB_FILES/evals" --benchmark "$PTB_BENCHMARK_USE" --templates "$PTB_IN_FETCH/templates" \
  --to "$PTB_OUT/audit.json"
