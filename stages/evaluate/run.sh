#!/usr/bin/env bash
# Scores the agent's final model. A model that is missing or that cannot be used is the agent's failure, and so a result.
set -uo pipefail
here=$PTB_FILES/stages/evaluate
model=$PTB_IN_POST_TRAIN/final_model
metrics=$PTB_OUT/metrics.json

# no_score REASON: a result without an accuracy.
no_score() {
  PATH=${PTB_IN_ENVIRONMENT:-}/env/bin:$PATH python3 -I "$here/no_score.py" "$1" "$metrics"
}

if [ ! -d "$model" ] || [ -z "$(ls -A "$model")" ]; then
  no_score 'no final model'
  exit
fi

# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"
base=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_BASE") || exit 1

# Messages are shown as they come and kept, because the last one says why a model does not load.
{ bash "$here/evaluate.sh" "$model" "$metrics" --base-path "$base" 2>&1 >&3 | tee messages.txt >&2; } 3>&1
status=$?
if [ "$status" -eq 2 ]; then
  message=$(grep -v '^[[:space:]]*$' messages.txt | tail -n 1)
  # Where the model lay is of no interest, and would make two equal results differ.
  message=${message//"$model"/final_model}
  no_score "final model does not load: ${message#evaluate.py: }"
  exit
fi
exit "$status"
