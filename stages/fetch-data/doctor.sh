#!/usr/bin/env bash
# For `ptb doctor`: as that of fetch, for the benchmark's data set; one that is made here needs no hub.
set -euo pipefail

data() {
  python3 -c 'import json, sys; print(json.loads(sys.argv[1]).get(sys.argv[2]) or "")' "$PTB_BENCHMARK_DATA" "$1"
}

[ -z "$(data make)" ] || exit 0
exec bash "$PTB_FILES/stages/fetch/doctor.sh" dataset "$(data repo)"
