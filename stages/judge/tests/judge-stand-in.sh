#!/usr/bin/env bash
# Stands in for an agent's solve.sh: answers what the n-th file of $STAND_IN_ANSWERS holds, and notes where it was.
set -euo pipefail

n=$(basename "$PWD")
printf '%s\n' "$HOME" "$PWD" >>"$STAND_IN_ANSWERS/seen"
cp "$1" "$STAND_IN_ANSWERS/prompt"
echo '{"type": "message", "text": "I have read it all"}'
case $(cat "$STAND_IN_ANSWERS/$n" 2>/dev/null) in
  '') echo 'no key' >&2 && exit 1 ;;
  sleep) sleep 60 ;;
  *) cp "$STAND_IN_ANSWERS/$n" judgement.json ;;
esac
