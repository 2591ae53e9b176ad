#!/usr/bin/env bash
# Validates an exported crate with the validator of the RO-Crate community, against each profile that it claims. Needs a
# network: the validator fetches the JSON-LD contexts that the crate names.  ro-crate.sh DIR
set -euo pipefail
crate=$(cd "${1:?the folder of a crate: ptb export ro-crate}" && pwd)
cd "$(dirname "$0")/../.."
if [ ! -e .venv-ro-crate/ready ]; then
  python3 -m venv .venv-ro-crate
  .venv-ro-crate/bin/pip install --quiet --require-hashes -r test/report/ro-crate.txt
  touch .venv-ro-crate/ready
fi
for profile in ro-crate-1.1 workflow-ro-crate-1.0 process-run-crate-0.5 workflow-run-crate-0.5; do
  .venv-ro-crate/bin/rocrate-validator -y validate --no-paging --verbose -l required -p "$profile" "$crate"
done
