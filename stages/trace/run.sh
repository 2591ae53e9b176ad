#!/usr/bin/env bash
# Reads the agent's trace with its own parser.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"
exec python3 -I "$PTB_FILES/stages/trace/read_trace.py" --agent "$PTB_FILES/agents/$PTB_AGENT_USE" \
  --trace "$PTB_IN_POST_TRAIN/trace.jsonl" --out "$PTB_OUT"
