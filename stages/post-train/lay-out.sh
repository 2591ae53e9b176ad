#!/usr/bin/env bash
# lay-out.sh FOLDER: the agent's work folder, from $PTB_FILES and the fetched chat template.
set -euo pipefail

task=$1
evals=$PTB_FILES/evals
own=$evals/$PTB_BENCHMARK_USE
mkdir -p "$task"

# What evaluate.py imports lies beside the benchmarks' folders; in the task it lies beside evaluate.py.
for entry in "$evals"/*; do
  [ "$entry" = "$own" ] || cp -R "$entry" "$task/"
done
find "$task" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
find "$task" -type f \( -name 'test_*.py' -o -name conftest.py \) -exec rm -f {} +

[ ! -d "$own/task_context" ] || cp -R "$own/task_context/." "$task/"
[ ! -d "$PTB_IN_FETCH/templates" ] || cp -RL "$PTB_IN_FETCH/templates" "$task/"
cp "$own/evaluate.py" "$own/benchmark.txt" "$PTB_FILES/stages/post-train/timer.sh" "$task/"

# The sources are read-only; the agent's folder is the agent's.
chmod -R u+w "$task"
