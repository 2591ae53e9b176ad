#!/usr/bin/env bash
# Loads the tiny models with torch and transformers and compares the logits. Downloads about 1 GB on the first call. Python 3.11 or later.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -e .venv-transformers/ready ]; then
  python3 -m venv .venv-transformers
  .venv-transformers/bin/pip install --quiet --require-hashes --only-binary :all: -r test/transformers.txt
  touch .venv-transformers/ready
fi
.venv-transformers/bin/pytest -q -rs evals/numpy_lm/tests/test_transformers.py
