#!/usr/bin/env bash
# The table as files. Trusted and without a sandbox: no agent's code runs here.
set -euo pipefail

ptb table --step "$PTB_STEP" --format json >"$PTB_OUT/table.json"
ptb table --step "$PTB_STEP" --format csv >"$PTB_OUT/table.csv"
ptb table --step "$PTB_STEP" --format markdown >"$PTB_OUT/table.md"
