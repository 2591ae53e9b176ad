#!/usr/bin/env bash
# Part of `npm ci`: where bubblewrap is not installed, takes the distribution's own package apart into dist/tools, without
# root and without touching the system. Does nothing where that cannot work; ptb then says what is missing.
set -euo pipefail

[ "$(uname)" = Linux ] || exit 0
! command -v bwrap >/dev/null || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 0

tools=$(cd "$(dirname "$0")/.." && pwd)/dist/tools
[ ! -x "$tools/bin/bwrap" ] || exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

apt=(apt-get -qq -o "APT::Sandbox::User=$(id -un)" -o "Dir::Cache=$scratch/cache")
private=(-o "Dir::State::lists=$scratch/lists" -o Debug::NoLocking=1)
mkdir -p cache/archives/partial lists/partial
if ! "${apt[@]}" download bubblewrap 2>/dev/null; then
  "${apt[@]}" "${private[@]}" update
  "${apt[@]}" "${private[@]}" download bubblewrap
fi
dpkg-deb -x bubblewrap_*.deb package
package/usr/bin/bwrap --version >/dev/null
mkdir -p "$tools/bin"
mv package/usr/bin/bwrap "$tools/bin/bwrap"
echo "bubblewrap is not installed; ptb uses the copy in dist/tools" >&2
