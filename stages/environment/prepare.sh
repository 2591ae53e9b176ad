#!/usr/bin/env bash
# Builds the image that the pipeline's definition file describes, if it names one. The definition copies project files by
# their project paths; only those that environment.files lists are here.
set -euo pipefail

[ -n "${PTB_ENVIRONMENT_DEFINITION:-}" ] || exit 0

if ! command -v apptainer >/dev/null; then
  because="$PTB_ENVIRONMENT_DEFINITION needs apptainer to be built, and there is none on PATH"
  echo "environment: $because" >&2
  printf '{"class": "not-ready", "because": "%s"}\n' "$because" >failure.json
  exit 1
fi
# An image is unpacked before it is packed, and /tmp is small on many machines.
mkdir build
APPTAINER_TMPDIR=$PWD/build
export APPTAINER_TMPDIR
cd "$PTB_FILES"
apptainer build "$PTB_OUT/image.sif" "$PTB_ENVIRONMENT_DEFINITION"
