#!/usr/bin/env bash
# The product installed, built and run where no package may run a script of its own: npm ci --ignore-scripts in a copy of the
# working tree, then the smoke pipeline.
set -euo pipefail
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$copy"
cd "$copy"
npm ci --ignore-scripts --no-fund --no-audit
npm run build
node dist/cli/main.js pipeline run --profile smoke "$@"
