#!/usr/bin/env bash
# An honest agent: its program lies in its work, where the audit reads it.
set -euo pipefail
cp "$(dirname "$0")/train_lora.py" train.py
exec python3 train.py "$1"
