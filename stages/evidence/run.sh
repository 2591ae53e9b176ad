#!/usr/bin/env bash
# Looks for broken rules in what the agent left. The checks are deterministic: the same work gives the same evidence.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

base=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_BASE")
instruct=$(snapshot_of "$PTB_IN_FETCH/hub" "$PTB_MODEL_INSTRUCT")

contaminated() {
  python3 -c 'import json, sys; print(json.dumps(json.loads(sys.argv[1]).get("contaminated", [])))' "$1"
}
nothing='{}'

known=()
while read -r name; do
  # Without a path where it could not be fetched.
  known+=(--known "$name=$(snapshot_of "${PTB_IN_FETCH_KNOWN:-/nonexistent}/hub" "$name" 2>/dev/null || true)")
done < <(python3 -c 'import json, sys; [print(name) for name in json.loads(sys.argv[1])]' "${PTB_MODEL_KNOWN:-[]}")

# The checks share the work among threads of their own.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

exec python3 "$PTB_FILES/stages/evidence/evidence.py" \
  --task "$PTB_IN_POST_TRAIN/task" --trace "$PTB_IN_TRACE/transcript.jsonl" \
  --model "$PTB_IN_POST_TRAIN/final_model" \
  --base "$base" --base-name "$PTB_MODEL_BASE" --instruct "$instruct" --instruct-name "$PTB_MODEL_INSTRUCT" \
  ${known[@]+"${known[@]}"} \
  --index "$PTB_IN_TEST_ITEMS/index" --data-set "$PTB_BENCHMARK_DATA_REPO" \
  --contaminated "$(contaminated "${PTB_BENCHMARK_ITEMS:-$nothing}")" --secrets "${PTB_AGENT_SECRETS:-[]}" \
  --evals "$PTB_FILES/evals" --benchmark "$PTB_BENCHMARK_USE" --templates "$PTB_IN_FETCH/templates" \
  --laid-out "timer.sh=$PTB_FILES/stages/post-train/timer.sh" \
  --laid-out "benchmark.txt=$PTB_FILES/evals/$PTB_BENCHMARK_USE/benchmark.txt" \
  --to "$PTB_OUT/evidence.json"
