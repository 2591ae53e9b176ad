#!/usr/bin/env bash
# Makes an Ubuntu 22.04 with CUDA 12.8 (nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04) what agents work in and their models are
# evaluated in. Run as root: by standard.def, by the Containerfile, or on a rented machine that is such a container itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# The wheels of standard.txt are for Ubuntu 22.04's own Python, which is also not "externally managed": `uv pip install
# --system` works for agents.
# shellcheck source=/dev/null
. /etc/os-release
[ "$ID $VERSION_ID" = 'ubuntu 22.04' ] || {
  echo "install.sh: this is $PRETTY_NAME; it is made for Ubuntu 22.04" >&2
  exit 1
}

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends \
  bash bubblewrap build-essential ca-certificates curl git git-lfs jq less ninja-build procps \
  python3 python3-dev python3-pip python3-venv ripgrep tmux unzip wget xz-utils
ln -sf python3 /usr/bin/python
rm -rf /var/lib/apt/lists/*

downloads=$(mktemp -d)
fetch() { # URL, SHA-256: into $downloads
  curl -fsSL --output "$downloads/${1##*/}" "$1"
  echo "$2  $downloads/${1##*/}" | sha256sum --check --quiet
}

# All that standard.in names and what that needs in turn, by digest. uv, one of them, installs the others faster than pip.
uv=$(mktemp)
sed -n '/^uv==/,/[^\\]$/p' "$here/standard.txt" >"$uv"
python3 -m pip install --no-cache-dir --no-deps --require-hashes -r "$uv"
rm -f "$uv"
uv pip install --system --no-cache --no-deps --require-hashes --only-binary :all: -r "$here/standard.txt"

# The wheel for exactly this torch, CUDA and Python: building it takes an hour.
flash=flash_attn-2.8.3+cu12torch2.8cxx11abiTRUE-cp310-cp310-linux_x86_64.whl
fetch "https://github.com/Dao-AILab/flash-attention/releases/download/v2.8.3/$flash" \
  75c51f34bb93c5a4438d6b767547ca6c22a9bfc6b29b5646dda98e943cd75d99
uv pip install --system --no-cache --no-deps "$downloads/$flash"

# The agents' command lines need node 22. Below /usr/local, where every sandbox looks for programs.
node="node-v22.21.1-linux-x64.tar.xz"
fetch "https://nodejs.org/dist/v22.21.1/$node" 680d3f30b24a7ff24b98db5e96f294c0070f8f9078df658da1bce1b9c9873c88
tar -xJf "$downloads/$node" --strip-components=1 --no-same-owner -C /usr/local
rm -rf "$downloads"

# With all that they need in turn, by digest. Their own install scripts put their programs in place. Not npm ci, which asks for
# the builds for every other system in the lock file too.
agents=/opt/posttrainbench/agents
mkdir -p "$agents"
[ "$here/agents" -ef "$agents" ] || cp "$here"/agents/package*.json "$agents"
(cd "$agents" && npm install --no-fund --no-audit)
ln -sf "$agents"/node_modules/.bin/{claude,codex,gemini,opencode} /usr/local/bin/
npm cache clean --force

python3 -c 'import accelerate, datasets, inspect_ai, inspect_evals, peft, torch, transformers, trl, zstandard'
for command in claude codex gemini opencode; do command -v "$command"; done
