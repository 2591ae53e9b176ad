#!/usr/bin/env bash
# `npm run bench:audit`: the suite in the environment of the checks; arguments go to suite.py.
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=/dev/null
. test/venv.sh
rc=0
python3 bench/audit/suite.py --to docs/audit.md "$@" || rc=$?
npx --no-install prettier --log-level warn --write docs/audit.md
exit "$rc"
