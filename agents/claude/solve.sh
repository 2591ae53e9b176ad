#!/usr/bin/env bash
# solve.sh PROMPT-FILE: Claude Code, non-interactive, in the working directory; its stdout is the trace.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/../common.sh"
secret=''

if [ -n "${PTB_AGENT_BASE_URL:-}" ]; then
  secret "${PTB_AGENT_KEY:-ANTHROPIC_API_KEY}" || fail "set ${PTB_AGENT_KEY:-ANTHROPIC_API_KEY}"
  unset ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN
  export ANTHROPIC_BASE_URL=$PTB_AGENT_BASE_URL ANTHROPIC_AUTH_TOKEN=$secret
  # What it gives to a smaller model of its own would ask that provider for one that it does not have.
  export ANTHROPIC_DEFAULT_HAIKU_MODEL=$PTB_AGENT_MODEL
elif [ "${PTB_AGENT_LOGIN:-key}" = subscription ]; then
  unset ANTHROPIC_API_KEY
  [ -n "${CLAUDE_CODE_OAUTH_TOKEN:-}" ] || fail 'set CLAUDE_CODE_OAUTH_TOKEN (claude setup-token prints one)'
else
  unset CLAUDE_CODE_OAUTH_TOKEN
  [ -n "${ANTHROPIC_API_KEY:-}" ] || fail 'set ANTHROPIC_API_KEY, or login: subscription and CLAUDE_CODE_OAUTH_TOKEN'
fi

# Training takes hours, and the agent's own limit for one command is minutes: ten hours, in milliseconds.
export BASH_MAX_TIMEOUT_MS=36000000
# Everything of its own goes to the home folder of this job; nothing is reported elsewhere.
export DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1
# It refuses to skip permission checks as root unless told that it is in a sandbox, and it is.
export IS_SANDBOX=1

session() {
  with_prompt "$1" claude --print --verbose --model "$PTB_AGENT_MODEL" --output-format stream-json \
    --dangerously-skip-permissions ${PTB_AGENT_EFFORT:+--effort "$PTB_AGENT_EFFORT"} ${2:+--continue}
}

announce claude claude --version
work "$1"
