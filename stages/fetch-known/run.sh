#!/usr/bin/env bash
# Not part of the stage `fetch`: agents must not see these, and a longer list must not make their work stale.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

known=()
while read -r name; do
  known+=("$name@")
done < <(python3 -c 'import json, sys; [print(name) for name in json.loads(sys.argv[1])]' "${PTB_MODEL_KNOWN:-[]}")
[ ${#known[@]} -gt 0 ] || exit 0
exec python3 "$PTB_FILES/stages/fetch/download.py" --kind model --hub "$PTB_OUT/hub" "${known[@]}"
