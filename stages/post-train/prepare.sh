#!/usr/bin/env bash
# Lays out what the agent finds: task/ (its working directory) and prompt.txt (what it is asked) beside it.
set -euo pipefail
here=$PTB_FILES/stages/post-train

bash "$here/lay-out.sh" task
bash "$here/fill-prompt.sh" >prompt.txt
: >trace.jsonl
