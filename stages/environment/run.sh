#!/usr/bin/env bash
# Installs the pinned requirements into $PTB_OUT/env/site, and makes $PTB_OUT/env/bin/python3 that sees them.
# Built twice, the folder is the same bit for bit: that is how later steps stay cached.
set -euo pipefail

[ -n "${PTB_ENVIRONMENT_REQUIREMENTS:-}${PTB_ENVIRONMENT_PYTHON:-}" ] || exit 0

here=$PTB_FILES/stages/environment
# shellcheck source=/dev/null
. "$here/find-python.sh"
# shellcheck source=/dev/null
. "$here/install.sh"

python=${PTB_ENVIRONMENT_PYTHON:-$(find_python)}
if ! "$python" -c '' 2>/dev/null; then
  echo "environment.python: $python cannot be started in the sandbox; name another, or its folder in sandbox.expose" >&2
  exit 1
fi
[ -z "${PTB_ENVIRONMENT_REQUIREMENTS:-}" ] ||
  install_requirements "$python" "$PTB_FILES/$PTB_ENVIRONMENT_REQUIREMENTS" "$PTB_OUT/env/site"
"$python" -I "$here/assemble.py" \
  --env "$PTB_OUT/env" --project "$PTB_FILES" --packages "${PTB_ENVIRONMENT_PACKAGES:-[]}"
