#!/bin/sh
# Sourced from the repository's root: the Python packages of the tests in .venv, made anew where test/requirements.txt is newer,
# and first on PATH. Of the system's own Python: what jobs see in the sandbox is what is tested.
if [ ! -e .venv/ready ] || [ -n "$(find test/requirements.txt -newer .venv/ready)" ]; then
  rm -rf .venv
  "$(PATH=/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin command -v python3)" -m venv .venv &&
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r test/requirements.txt &&
    touch .venv/ready || return 1
fi
PATH=$PWD/.venv/bin:$PATH
export PATH
