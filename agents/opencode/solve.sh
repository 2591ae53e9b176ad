#!/usr/bin/env bash
# solve.sh PROMPT-FILE: OpenCode, non-interactive, in the working directory; its stdout is the trace. The model is
# PROVIDER/MODEL; with a base URL the provider speaks OpenAI's protocol there.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/../common.sh"

provider=${PTB_AGENT_MODEL%%/*}
[ "$provider" != "$PTB_AGENT_MODEL" ] || fail "model is PROVIDER/MODEL, not $PTB_AGENT_MODEL"
[ -n "${PTB_AGENT_KEY:-}" ] || fail 'key: names the secret of the provider'
[ -n "${!PTB_AGENT_KEY:-}" ] || fail "set $PTB_AGENT_KEY"

settings='"permission": "allow", "autoupdate": false, "share": "disabled"'
if [ -n "${PTB_AGENT_BASE_URL:-}" ]; then
  # A model that it does not know has no variants; effort is an option of the request there.
  options=${PTB_AGENT_EFFORT:+"\"options\": {\"reasoningEffort\": \"$PTB_AGENT_EFFORT\"}"}
  settings+=", \"provider\": {\"$provider\": {\"npm\": \"@ai-sdk/openai-compatible\",
    \"options\": {\"baseURL\": \"$PTB_AGENT_BASE_URL\", \"apiKey\": \"{env:$PTB_AGENT_KEY}\"},
    \"models\": {\"${PTB_AGENT_MODEL#*/}\": {$options}}}}"
fi
# The last word, over what it may find in files.
export OPENCODE_CONFIG_CONTENT="{$settings}"
export OPENCODE_DISABLE_AUTOUPDATE=1

session() { # FILE [again]
  with_prompt "$1" opencode run --model "$PTB_AGENT_MODEL" --format json --auto --thinking \
    ${PTB_AGENT_EFFORT:+--variant "$PTB_AGENT_EFFORT"} ${2:+--continue}
}

announce opencode opencode --version
work "$1"
