#!/usr/bin/env bash
# Prints how much time is left. The deadline, in seconds since 1970, is in the file .deadline beside this script.
deadline=$(cat "$(dirname "$0")/.deadline")
left=$((deadline - $(date +%s)))

if [ "$left" -le 0 ]; then
  echo 'The time has expired.'
else
  # Numbers that arithmetic made have no leading zero, so that 08 and 09 are never read as octal.
  printf 'Remaining time (hours:minutes): %d:%02d\n' $((left / 3600)) $((left % 3600 / 60))
fi
