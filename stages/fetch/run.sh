#!/usr/bin/env bash
# Makes the cache with the model's own maker where it names one, else from the hub.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

no_options='{}'
if [ -n "${PTB_MODEL_MAKE:-}" ]; then
  # shellcheck disable=SC2153 # no misspelling: the engine sets one variable per field
  python3 -m "$PTB_MODEL_MAKE" --hub "$PTB_OUT/hub" \
    --base "$PTB_MODEL_BASE" --instruct "$PTB_MODEL_INSTRUCT" --options "${PTB_MODEL_OPTIONS:-$no_options}"
else
  python3 "$PTB_FILES/stages/fetch/download.py" --kind model --hub "$PTB_OUT/hub" \
    "$PTB_MODEL_BASE@${PTB_MODEL_BASE_REVISION:-}" "$PTB_MODEL_INSTRUCT@${PTB_MODEL_INSTRUCT_REVISION:-}"
fi
python3 "$PTB_FILES/stages/fetch/chat_template.py" --hub "$PTB_OUT/hub" --repo "$PTB_MODEL_INSTRUCT" \
  --to "$PTB_OUT/templates/${PTB_MODEL_FAMILY:-model}.jinja"
