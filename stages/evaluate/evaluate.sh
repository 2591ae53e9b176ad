#!/usr/bin/env bash
# evaluate.sh MODEL FILE [OPTION…]: scores MODEL on the whole benchmark into FILE, with further options of evaluate.py.
# Read by the stages evaluate and baseline. Exits as evaluate.py does (2: the model cannot be used); its messages are on
# stderr.
set -uo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

model=$1 file=$2
shift 2
use_hubs "$PTB_IN_FETCH_DATA/hub"
# There is no network: without these the hub's libraries would try, and wait.
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1

log=${file##*/}
set -- --model-path "$model" --json-output-file "$file" --limit -1 --seed "${PTB_REPLICATE:-1}" \
  --log-dir "$PTB_OUT/log/${log%.json}" "$@"
[ -z "${PTB_BENCHMARK_ENGINE:-}" ] || set -- "$@" --engine "$PTB_BENCHMARK_ENGINE"
[ -z "${PTB_BENCHMARK_MAX_CONNECTIONS:-}" ] || set -- "$@" --max-connections "$PTB_BENCHMARK_MAX_CONNECTIONS"
[ -z "${PTB_BENCHMARK_GPU_MEMORY_UTILIZATION:-}" ] ||
  set -- "$@" --gpu-memory-utilization "$PTB_BENCHMARK_GPU_MEMORY_UTILIZATION"
[ ! -d "$PTB_IN_FETCH/templates" ] || set -- "$@" --templates-dir "$PTB_IN_FETCH/templates"

# A command line that evaluate.py does not understand is our mistake; it must not pass for a model that does not load.
program=$PTB_FILES/evals/$PTB_BENCHMARK_USE/evaluate.py
python3 "$program" "$@" --max-tokens "$PTB_BENCHMARK_MAX_TOKENS" --help >/dev/null || exit 1

# A retry comes with shorter answers, where the benchmark has a ladder of them.
python3 "$program" "$@" --max-tokens "${PTB_RETRY_MAX_TOKENS:-$PTB_BENCHMARK_MAX_TOKENS}"
status=$?
if [ "$status" -eq 4 ]; then
  echo '{"class": "out-of-memory", "because": "the evaluation ran out of memory"}' >failure.json
fi
exit "$status"
