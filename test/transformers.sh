#!/usr/bin/env bash
# Loads the tiny models with torch and transformers and compares the logits. Downloads about 1 GB on the first call.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -e .venv-transformers/ready ]; then
  python3 -m venv .venv-transformers
  .venv-transformers/bin/pip install --quiet torch==2.13.0 transformers==5.23.0 numpy safetensors pytest
  touch .venv-transformers/ready
fi
.venv-transformers/bin/pytest -q -rs evals/numpy_lm/tests/test_transformers.py
