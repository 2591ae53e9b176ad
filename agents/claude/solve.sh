#!/usr/bin/env bash
# solve.sh PROMPT-FILE: Claude Code, non-interactive, in the working directory; its stdout is the trace.
set -euo pipefail

prompt=$1

if [ -z "${ANTHROPIC_API_KEY:-}" ] && [ -z "${CLAUDE_CODE_OAUTH_TOKEN:-}" ]; then
  echo 'claude: set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN' >&2
  exit 1
fi

# Training takes hours, and the agent's own limit for one command is minutes: ten hours, in milliseconds.
export BASH_MAX_TIMEOUT_MS=36000000
# Everything of its own goes to the home folder of this job; nothing is reported elsewhere.
export DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1
# It refuses to skip permission checks as root unless told that it is in a sandbox, and it is.
export IS_SANDBOX=1

# The prompt comes on stdin: in argv, an agent that kills processes by pattern would find its own.
exec claude --print --verbose --model "$PTB_AGENT_MODEL" --output-format stream-json \
  --dangerously-skip-permissions <"$prompt"
