#!/usr/bin/env bash
# Runs the agent in task/ until it ends or its time is up. Its stdout is the trace.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

use_hubs "$PTB_IN_FETCH/hub" "$PTB_IN_FETCH_DATA/hub"
printf '%s\n' "$PTB_DEADLINE" >task/.deadline

work=$PWD
cd task
exec python3 -I "$PTB_FILES/stages/post-train/record.py" \
  --agent "$PTB_FILES/agents/$PTB_AGENT_USE" --work "$work" -- \
  bash "$PTB_FILES/agents/$PTB_AGENT_USE/solve.sh" ../prompt.txt
