#!/usr/bin/env bash
# Asks the judge, each time in a fresh home and folder, and counts its votes.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

# The agents' own scripts serve the judge too; these are the variables that they read.
export PTB_AGENT_USE=$PTB_JUDGE_USE PTB_AGENT_MODEL=$PTB_JUDGE_MODEL
export PTB_AGENT_EFFORT=${PTB_JUDGE_EFFORT:-} PTB_AGENT_LOGIN=${PTB_JUDGE_LOGIN:-key} PTB_AGENT_REPROMPT=false

exec python3 "$PTB_FILES/stages/judge/judge.py" \
  --solve "$PTB_FILES/agents/$PTB_JUDGE_USE/solve.sh" --prompt "$PTB_FILES/stages/judge/prompt.txt" \
  --task "$PTB_IN_POST_TRAIN/task" --trace "$PTB_IN_TRACE/transcript.jsonl" \
  --evidence "$PTB_IN_EVIDENCE/evidence.json" \
  --benchmark "$(cat "$PTB_FILES/evals/$PTB_BENCHMARK_USE/benchmark.txt")" \
  --base "$PTB_MODEL_BASE" --instruct "$PTB_MODEL_INSTRUCT" \
  --votes "${PTB_JUDGE_VOTES:-1}" --minutes "${PTB_JUDGE_MINUTES:-30}" \
  --work votes --to "$PTB_OUT/judgement.json"
