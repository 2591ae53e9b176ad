#!/usr/bin/env bash
# install_requirements PYTHON FILE FOLDER: the wheels that FILE pins by hash, into FOLDER, by whichever installer is here.

install_requirements() {
  local python=$1 requirements=$2 folder=$3
  if command -v uv >/dev/null; then
    # Copied, not linked: a link would let a job that edits a package edit uv's cache.
    UV_CACHE_DIR=$PWD/uv-cache uv pip install --python "$python" --target "$folder" --link-mode copy \
      --require-hashes --only-binary :all: --no-config -r "$requirements"
  elif "$python" -m pip --version >/dev/null 2>&1; then
    _pip_install "$python" "$requirements" "$folder"
  elif "$python" -m venv "$PWD/venv" >/dev/null 2>&1; then
    _pip_install "$PWD/venv/bin/python3" "$requirements" "$folder"
  else
    echo "environment: $python has neither pip nor venv, and there is no uv on PATH: install uv" \
      "(https://docs.astral.sh/uv), or python3-venv, or python3-pip" >&2
    return 1
  fi
}

# Unpacked beside the folder: from elsewhere, gigabytes would be copied once more.
_pip_install() {
  mkdir -p "$3.tmp"
  TMPDIR=$3.tmp PIP_ROOT_USER_ACTION=ignore "$1" -m pip install --disable-pip-version-check --no-input --no-compile --quiet \
    --require-hashes --only-binary :all: --target "$3" -r "$2"
  rm -rf "$3.tmp"
}
