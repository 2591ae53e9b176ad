#!/usr/bin/env bash
# find_python: prints the absolute path of a Python >= 3.10 that can be started from here, or fails with the remedy.

# The interpreter itself, behind the shims of version managers and behind a virtual environment: those may be gone, or
# not be visible, when a later job starts.
_real_python='
import os, sys
if sys.version_info < (3, 10):
    sys.exit(1)
print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
'

find_python() {
  local name path
  for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10 \
    /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3; do
    command -v "$name" >/dev/null || continue
    path=$("$name" -I -c "$_real_python" 2>/dev/null) || continue
    [ -x "$path" ] || continue
    echo "$path"
    return 0
  done
  echo "environment: no Python >= 3.10 can be started in the sandbox (looked for python3, python3.10 to python3.14 on" \
    "PATH=$PATH): install one, for instance with 'apt-get install python3' or 'brew install python@3.12'" >&2
  return 1
}
