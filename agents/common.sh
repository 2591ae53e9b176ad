#!/usr/bin/env bash
# Sourced by the agents' solve.sh. What they take from the environment, all optional but the model:
#   PTB_AGENT_MODEL     the language model            PTB_AGENT_EFFORT    its reasoning effort
#   PTB_AGENT_LOGIN     key or subscription           PTB_AGENT_REPROMPT  true: on with it while time is left
#   PTB_AGENT_BASE_URL  another provider's address    PTB_AGENT_KEY       the name of that provider's secret
#   PTB_DEADLINE        when the time is up, in seconds since 1970

# An agent is asked to go on only while more than this is left, in seconds.
readonly LEAST_LEFT=1800
# One that ends this many sessions in a row within a minute has no more to do.
readonly MOST_SHORT=3

# fail REASON: the agent cannot start here, which is no failure of its own: exit EX_CONFIG, with the reason in the trace.
fail() {
  local reason
  reason="$(basename "$(dirname "$0")"): $*"
  echo "$reason" >&2
  printf '{"type":"ptb.unready","because":"%s"}\n' "${reason//[\"\\]/}"
  exit 78
}

# secret NAME...: sets $secret to the first of the variables that is set, and takes all of them out of the environment, so
# that what the agent starts finds none but those that its command line needs.
secret() {
  local name
  secret=''
  for name in "$@"; do
    [ -n "$secret" ] || secret=${!name:-}
    unset "$name"
  done
  [ -n "$secret" ]
}

# announce NAME COMMAND...: the trace's first line. COMMAND prints the version of the command line.
announce() {
  local name=$1 version
  shift
  command -v "$1" >/dev/null || fail "there is no $1 on PATH"
  version=$("$@" 2>/dev/null </dev/null | grep -m1 -oE '[0-9]+\.[0-9]+\.[0-9][0-9A-Za-z.+-]*' || true)
  printf '{"type":"ptb.agent","cli":"%s","version":"%s","model":"%s","effort":"%s"}\n' \
    "$name" "$version" "${PTB_AGENT_MODEL//[\"\\]/}" "${PTB_AGENT_EFFORT:-}"
}

child='' stopped=''
trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM

# with_prompt FILE COMMAND...: one session, with the prompt on stdin: in argv, an agent that kills processes by pattern would
# find its own. Returns when the command has ended, also after TERM, which is passed on.
with_prompt() {
  local file=$1 status=0
  shift
  echo '{"type":"ptb.session"}'
  "$@" <"$file" &
  child=$!
  wait "$child" || status=$?
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  child=''
  return "$status"
}

# work PROMPT: calls `session FILE`, and where the agent is to be re-prompted `session FILE again` as long as time is left.
work() {
  local left again began short=0
  session "$1" || return
  [ "${PTB_AGENT_REPROMPT:-}" = true ] || return 0
  again=$(mktemp)
  while left=$((${PTB_DEADLINE:-0} - $(date +%s))) && [ "$left" -gt "$LEAST_LEFT" ] && [ "$short" -lt "$MOST_SHORT" ]; do
    [ -z "$stopped" ] || return 0
    # Numbers that arithmetic made have no leading zero, so that 08 and 09 are never read as octal.
    printf 'You still have %d:%02d remaining.\n' $((left / 3600)) $((left % 3600 / 60)) >"$again"
    began=$SECONDS
    session "$again" again || return
    short=$((SECONDS - began < 60 ? short + 1 : 0))
  done
}
