#!/usr/bin/env bash
# Makes one verdict of the evidence and of what the judge said, by the pipeline's settings.
set -euo pipefail
# shellcheck source=/dev/null
. "$PTB_FILES/stages/environment/activate.sh"

nothing='{}'
# The variable is set when there is a judge, and the folder is empty when it failed.
exec python3 "$PTB_FILES/stages/audit/audit.py" --evidence "$PTB_IN_EVIDENCE/evidence.json" \
  ${PTB_IN_JUDGE:+--judge "$PTB_IN_JUDGE/judgement.json"} --settings "${PTB_AUDIT:-$nothing}" --to "$PTB_OUT/audit.json"
