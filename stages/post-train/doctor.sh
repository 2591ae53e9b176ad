#!/usr/bin/env bash
# For `ptb doctor`: whether the agent can sign in as its settings say; with --online, whether the provider takes the key.
# What that means for an agent stands in its login.sh, which is sourced here and uses these functions.
set -euo pipefail

who=${PTB_AGENT:-judge}
say() { (IFS=$'\t' && echo "$*"); }

# need HINT NAME...: sets $secret to the first of these that is set; else says what is missing, and fails.
need() {
  local hint=$1 name
  shift
  for name; do
    secret=${!name:-}
    [ -z "$secret" ] || return 0
  done
  say fail "$who" "its login needs $*" "$hint"
  return 1
}

# ask URL HEADER...: a call that costs nothing, with the user's proxy and certificates. What is secret goes through stdin:
# arguments can be read by all.
ask() {
  local url=$1 status header
  shift
  [ -n "${PTB_ONLINE:-}" ] || return 0
  command -v curl >/dev/null || {
    say warn "$who" 'there is no curl to try its key with' 'install the package curl'
    return 0
  }
  status=$(for header; do printf 'header = "%s"\n' "$header"; done |
    curl --config - --silent --max-time 30 --output /dev/null --write-out '%{http_code}' "$url") || true
  url=${url%%\?*}
  case $status in
    200) say ok "$who" "$url takes its key" ;;
    400 | 401 | 403) say fail "$who" "$url does not take its key (HTTP $status)" 'make a new one, and export it' ;;
    000) say fail "$who" "$url does not answer" 'see that this machine reaches it (HTTPS_PROXY, SSL_CERT_FILE)' ;;
    *) say warn "$who" "$url answers $status, which says nothing of its key" 'try the agent itself' ;;
  esac
}

# untried WHY
untried() {
  [ -z "${PTB_ONLINE:-}" ] || say ok "$who" "its login is set, and not tried: $1"
}

login=$PTB_FILES/agents/$PTB_AGENT_USE/login.sh
# shellcheck source=/dev/null
[ ! -f "$login" ] || . "$login"
