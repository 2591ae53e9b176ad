#!/usr/bin/env bash
# Sourced by the scripts of other stages: the environment that they run in, and the Hugging Face cache that they see.

# The environment's python3, where the pipeline has one; else that of the image.
if [ -d "${PTB_IN_ENVIRONMENT:-}/env/bin" ]; then
  PATH=$PTB_IN_ENVIRONMENT/env/bin:$PATH
  export PATH
fi

# use_hubs FOLDER...: sets HF_HOME to a cache of its own that shows the repositories of the given read-only hubs.
# What is new (another data set, another revision) is written beside the links and never into the hubs.
use_hubs() {
  export HF_HOME=$PWD/hf
  mkdir -p "$HF_HOME/hub"
  local hub repo
  for hub in "$@"; do
    for repo in "$hub"/*--*; do
      [ -d "$repo" ] && _link_repo "$repo" "$HF_HOME/hub/${repo##*/}"
    done
  done
  return 0
}

# Snapshots and blobs are linked one by one, so that the repository's own folders stay writable.
_link_repo() {
  local from=$1 to=$2 part entry
  mkdir -p "$to"
  for part in blobs snapshots; do
    mkdir -p "$to/$part"
    for entry in "$from/$part"/*; do
      [ -e "$entry" ] && ln -sf "$entry" "$to/$part/"
    done
  done
  [ ! -d "$from/refs" ] || { cp -R "$from/refs" "$to/" && chmod -R u+w "$to/refs"; }
}

# snapshot_of HUB REPO: prints the folder of the model or data set that refs/main of this hub names.
snapshot_of() {
  local repo=$1/models--${2//\//--}
  local snapshot
  snapshot=$repo/snapshots/$(cat "$repo/refs/main") || return 1
  if [ ! -d "$snapshot" ]; then
    echo "no snapshot of $2 in $1" >&2
    return 1
  fi
  echo "$snapshot"
}
