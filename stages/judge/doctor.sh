#!/usr/bin/env bash
# For `ptb doctor`: the judge signs in as the agent does whose command line it uses.
set -euo pipefail
export PTB_AGENT_USE=$PTB_JUDGE_USE PTB_AGENT_MODEL=$PTB_JUDGE_MODEL PTB_AGENT_LOGIN=${PTB_JUDGE_LOGIN:-key}
exec bash "$PTB_FILES/stages/post-train/doctor.sh"
