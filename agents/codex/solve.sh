#!/usr/bin/env bash
# solve.sh PROMPT-FILE: Codex, non-interactive, in the working directory; its stdout is the trace.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/../common.sh"
secret=''

export CODEX_HOME=$HOME/.codex
mkdir -p "$CODEX_HOME"
settings=(-c "model_reasoning_effort=\"${PTB_AGENT_EFFORT:-medium}\"")

if [ "${PTB_AGENT_LOGIN:-key}" = subscription ]; then
  secret CODEX_AUTH_JSON || fail "set CODEX_AUTH_JSON to the content of the file auth.json that codex login wrote"
  unset CODEX_API_KEY OPENAI_API_KEY
  (umask 077 && printf '%s\n' "$secret" >"$CODEX_HOME/auth.json")
else
  # The first is the CLI's own name for it; the key of another provider is handed over under that name, too.
  secret ${PTB_AGENT_KEY:+"$PTB_AGENT_KEY"} CODEX_API_KEY OPENAI_API_KEY || fail "set ${PTB_AGENT_KEY:-OPENAI_API_KEY}"
  unset CODEX_AUTH_JSON
  export CODEX_API_KEY=$secret
fi
if [ -n "${PTB_AGENT_BASE_URL:-}" ]; then
  settings+=(
    -c 'model_provider="other"'
    -c "model_providers.other={name=\"other\", base_url=\"$PTB_AGENT_BASE_URL\", env_key=\"CODEX_API_KEY\", wire_api=\"responses\"}"
  )
fi
unset secret

session() { # FILE [again]
  # --yolo is a name of the same that --help does not show.
  with_prompt "$1" codex --search exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox \
    --model "$PTB_AGENT_MODEL" "${settings[@]}" ${2:+resume --last} -
}

announce codex codex --version
work "$1"
