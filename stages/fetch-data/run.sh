#!/usr/bin/env bash
# Makes the data set with the benchmark's own maker where it names one, else takes it from the hub.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

# One field of benchmark.data, or nothing where it is absent.
data() {
  python3 -c 'import json, sys; print(json.loads(sys.argv[1]).get(sys.argv[2]) or "")' "$PTB_BENCHMARK_DATA" "$1"
}

repo=$(data repo)
make=$(data make)
if [ -n "$make" ]; then
  python3 "$PTB_FILES/evals/$PTB_BENCHMARK_USE/$make" --hub "$PTB_OUT/hub" --repo "$repo"
else
  revision=$(data revision)
  python3 "$PTB_FILES/stages/fetch/download.py" --kind dataset --hub "$PTB_OUT/hub" "$repo@$revision"
fi
