#!/usr/bin/env bash
# Makes the index of the benchmark's test items: once, for the audits of all its cells.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

nothing='{}'
PYTHONPATH=$PTB_FILES/stages/evidence exec python3 "$PTB_FILES/stages/test-items/make_index.py" \
  --data "$PTB_IN_FETCH_DATA/hub" --items "${PTB_BENCHMARK_ITEMS:-$nothing}" --to "$PTB_OUT/index"
