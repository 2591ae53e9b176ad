#!/usr/bin/env bash
# Prints the agent's prompt: the template with {model}, {benchmark} and {num_hours} filled in, and the agent's extra line.
set -euo pipefail

template=$PTB_FILES/${PTB_PROMPT:-stages/post-train/prompt.txt}
benchmark=$(cat "$PTB_FILES/evals/$PTB_BENCHMARK_USE/benchmark.txt")

# Values go through the environment: awk leaves those as they are, while -v would read backslashes in them. One pass,
# so that a value which itself holds {model} is not filled again.
FILL_model=$PTB_MODEL_BASE FILL_benchmark=$benchmark FILL_num_hours=$PTB_HOURS awk '
  {
    rest = $0; line = ""
    while (match(rest, /\{(model|benchmark|num_hours)\}/)) {
      line = line substr(rest, 1, RSTART - 1) ENVIRON["FILL_" substr(rest, RSTART + 1, RLENGTH - 2)]
      rest = substr(rest, RSTART + RLENGTH)
    }
    print line rest
  }
' "$template"

if [ -n "${PTB_AGENT_PROMPT_EXTRA:-}" ]; then
  printf '%s\n' "$PTB_AGENT_PROMPT_EXTRA"
fi
