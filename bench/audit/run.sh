#!/usr/bin/env bash
# `npm run bench:audit`: the suite in the environment of the checks (`npm test` makes it); arguments go to suite.py.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -x .venv/bin/python ]; then
  echo 'bench:audit: there is no .venv yet; run: npm test' >&2
  exit 3
fi
rc=0
.venv/bin/python bench/audit/suite.py --to docs/audit.md "$@" || rc=$?
npx --no-install prettier --log-level warn --write docs/audit.md
exit "$rc"
