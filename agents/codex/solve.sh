#!/usr/bin/env bash
# solve.sh PROMPT-FILE: Codex, non-interactive, in the working directory; its stdout is the trace.
set -euo pipefail

prompt=$1

CODEX_API_KEY=${CODEX_API_KEY:-${OPENAI_API_KEY:-}}
if [ -z "$CODEX_API_KEY" ]; then
  echo 'codex: set CODEX_API_KEY or OPENAI_API_KEY' >&2
  exit 1
fi
export CODEX_API_KEY
# One name for the key is enough for the CLI; what the agent starts should not find another.
unset OPENAI_API_KEY

# The prompt comes on stdin ("-"): in argv, an agent that kills processes by pattern would find its own.
exec codex --search exec --json --skip-git-repo-check --yolo --model "$PTB_AGENT_MODEL" \
  -c "model_reasoning_effort=\"${PTB_AGENT_EFFORT:-medium}\"" - <"$prompt"
