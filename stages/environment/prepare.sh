#!/usr/bin/env bash
# Builds the image that the pipeline's definition file describes, if it names one.
set -euo pipefail

[ -n "${PTB_ENVIRONMENT_DEFINITION:-}" ] || exit 0

if ! command -v apptainer >/dev/null; then
  echo "environment: $PTB_ENVIRONMENT_DEFINITION needs apptainer to be built, and there is none on PATH" >&2
  exit 1
fi
apptainer build "$PTB_OUT/image.sif" "$PTB_FILES/$PTB_ENVIRONMENT_DEFINITION"
