#!/usr/bin/env bash
# Scores the base model and the instruct model exactly as evaluate scores an agent's; here one that does not load is a
# failure.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

base=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_BASE")
instruct=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_INSTRUCT")

score() { bash "$PTB_FILES/stages/evaluate/evaluate.sh" "$@"; }
score "$base" "$PTB_OUT/base.json"
if [ "${PTB_BENCHMARK_FEW_SHOT:-false}" = true ]; then
  score "$base" "$PTB_OUT/fewshot.json" --few-shot
fi
score "$instruct" "$PTB_OUT/instruct.json"
