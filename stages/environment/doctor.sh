#!/usr/bin/env bash
# For `ptb doctor`: whether the environment can be made here, and the writable layer over the Hugging Face cache.
set -euo pipefail

say() { (IFS=$'\t' && echo "$*"); }

if [ -n "${PTB_ENVIRONMENT_DEFINITION:-}" ]; then
  if ! command -v apptainer >/dev/null; then
    say fail 'image build' "$PTB_ENVIRONMENT_DEFINITION is built by apptainer, which is not on PATH" \
      "install Apptainer, or name a built image: --set sandbox.image=./FILE.sif --set environment.definition=null"
  elif [ "$(id -u)" != 0 ] && ! grep -qs "^$(id -un):" /etc/subuid && ! command -v fakeroot >/dev/null; then
    say warn 'image build' "$(id -un) has no range in /etc/subuid, and there is no fakeroot: packages may refuse to be installed into the image" \
      'install the package fakeroot, or build the image elsewhere'
  else
    say ok 'image build' "$PTB_ENVIRONMENT_DEFINITION, by apptainer; once, then cached"
  fi
fi

if [ -n "${PTB_ENVIRONMENT_REQUIREMENTS:-}" ]; then
  if command -v uv >/dev/null || python3 -m pip --version >/dev/null 2>&1 || python3 -c 'import ensurepip' 2>/dev/null; then
    say ok packages "$PTB_ENVIRONMENT_REQUIREMENTS can be installed"
  else
    say fail packages "$PTB_ENVIRONMENT_REQUIREMENTS: there is neither uv, nor pip, nor venv" \
      'install uv (https://docs.astral.sh/uv), or the package python3-venv'
  fi
fi

# Where jobs will have theirs.
folder=$PTB_FILES
[ ! -d "$folder/runs" ] || folder=$folder/runs
if tried=$(mktemp -d "$folder/.doctor.XXXXXX" 2>/dev/null); then
  if ln -s /nowhere "$tried/link" 2>/dev/null; then
    say ok 'model cache' 'jobs read it, and write into a folder of links of their own over it (no fuse-overlayfs needed)'
  else
    say fail 'model cache' "the file system of $folder has no symbolic links" 'put runs/ on one that has'
  fi
  rm -f "$tried/link"
  rmdir "$tried"
else
  say fail 'model cache' "$folder cannot be written to" 'give yourself the right to write there, or copy the project elsewhere'
fi
