#!/usr/bin/env bash
# What this machine lacks for the smoke profile and the tests: bubblewrap, and a Python >= 3.10 that can install packages.
# Installs it where that needs nobody's leave (root on Debian or Ubuntu), else says what to ask for.
set -euo pipefail

python_ok() {
  command -v python3 >/dev/null || return 1
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || return 1
  command -v uv >/dev/null || python3 -c 'import ensurepip, venv' 2>/dev/null
}

# Seen from the sandbox: programs below somebody's home do not count.
in_sandbox() { PATH=/usr/local/bin:/usr/bin:/bin "$@"; }

missing=()
if [ "$(uname)" = Linux ]; then
  command -v bwrap >/dev/null || missing+=(bubblewrap)
  in_sandbox python_ok || missing+=(python3 python3-venv)
else
  python_ok || missing+=(python3)
fi
can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

for extra in "$@"; do
  case $extra in
    # What the tests of the site open it with.
    browser) command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium) ;;
    # Those whose completion is tested; without them those tests say why they do not run.
    shells)
      for shell in zsh fish; do
        if ! command -v "$shell" >/dev/null && can_install; then missing+=("$shell"); fi
      done
      ;;
  esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

if can_install; then
  echo "installing ${missing[*]}" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "this machine lacks: ${missing[*]}" >&2
  echo "install it, for instance with: sudo apt-get install ${missing[*]}" >&2
  exit 3
fi
