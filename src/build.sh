#!/usr/bin/env bash
# `npm run build`: src/ → dist/, where only what changed is compiled anew.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH

tsc -p tsconfig.build.json

# The command line in few files: to find and load some hundred modules takes longer than most commands. Chunks lie as deep
# below dist/ as the modules that they hold, which find their data by relative paths. Chunks of earlier builds stay for a
# month: a controller that runs meanwhile may yet load one.
mkdir -p dist/bundle
find dist/bundle -type f -mtime +30 -delete
# shellcheck disable=SC2016
esbuild src/cli/main.ts --bundle --splitting --format=esm --platform=node --target=node20.19 \
  --outdir=dist --entry-names='cli/[name]' --chunk-names='bundle/[name]-[hash]' \
  --sourcemap=external --sources-content=false --log-level=warning \
  --banner:js='import {createRequire as $createRequire} from "node:module"; const require = $createRequire(import.meta.url);'
chmod +x dist/cli/main.js
# Tests build again where a source is newer.
touch dist/cli/main.js

esbuild src/report/site/client/site.ts src/report/site/client/site.css --bundle --minify \
  --target=es2022,chrome123,firefox120,safari17.5 --outdir=dist/report/site/assets --log-level=warning
node dist/config/compile-schemas.js
cp -R src/bin src/completion src/templates dist/
