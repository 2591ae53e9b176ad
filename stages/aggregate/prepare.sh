#!/usr/bin/env bash
# The table as files. Trusted and without a sandbox: no agent's code runs here.
set -euo pipefail

table() { ptb table --step "$PTB_STEP" --overrides "$PTB_FILES/audits" --format "$1"; }

table json >"$PTB_OUT/table.json"
table csv >"$PTB_OUT/table.csv"
table markdown >"$PTB_OUT/table.md"
