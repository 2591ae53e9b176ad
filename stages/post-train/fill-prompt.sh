#!/usr/bin/env bash
# Prints the agent's prompt: the template with {model}, {benchmark}, {num_hours} and {gpus} filled in, and the agent's extra
# line. The benchmark's own text names its GPU instead of a placeholder; those words are filled in likewise.
set -euo pipefail

template=$PTB_FILES/${PTB_PROMPT:-stages/post-train/prompt.txt}
benchmark=$(cat "$PTB_FILES/evals/$PTB_BENCHMARK_USE/benchmark.txt")

gpu='GPU'
[ "${PTB_GPUS_NAME:-null}" = null ] || gpu="Nvidia $PTB_GPUS_NAME GPU"
case ${PTB_GPUS_COUNT:-1} in
  0) gpus='no GPU' ;;
  1) [ "$gpu" = GPU ] && gpus='a GPU' || gpus="an $gpu" ;;
  *) gpus="$PTB_GPUS_COUNT ${gpu}s" ;;
esac

# Values go through the environment: awk leaves those as they are, while -v would read backslashes in them. One pass,
# so that a value which itself holds {model} is not filled again.
FILL_model=$PTB_MODEL_BASE FILL_benchmark=$benchmark FILL_num_hours=$PTB_HOURS FILL_gpus=$gpus awk '
  {
    rest = $0; line = ""
    while (match(rest, /\{(model|benchmark|num_hours|gpus)\}|an Nvidia H100 GPU/)) {
      name = substr(rest, RSTART, 1) == "{" ? substr(rest, RSTART + 1, RLENGTH - 2) : "gpus"
      line = line substr(rest, 1, RSTART - 1) ENVIRON["FILL_" name]
      rest = substr(rest, RSTART + RLENGTH)
    }
    print line rest
  }
' "$template"

if [ -n "${PTB_AGENT_PROMPT_EXTRA:-}" ]; then
  printf '%s\n' "$PTB_AGENT_PROMPT_EXTRA"
fi
