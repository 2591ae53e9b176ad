#!/usr/bin/env bash
# solve.sh PROMPT-FILE: Gemini CLI, non-interactive, in the working directory; its stdout is the trace.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/../common.sh"
secret=''

secret ${PTB_AGENT_KEY:+"$PTB_AGENT_KEY"} GEMINI_API_KEY || fail "set ${PTB_AGENT_KEY:-GEMINI_API_KEY}"
export GEMINI_API_KEY=$secret
unset secret
[ -z "${PTB_AGENT_BASE_URL:-}" ] || export GOOGLE_GEMINI_BASE_URL=$PTB_AGENT_BASE_URL
# It would start a container of its own.
export GEMINI_SANDBOX=false

# Reasoning effort is a setting of the model here, and one that only Gemini 3 and later know.
model='{}'
case ${PTB_AGENT_EFFORT:-} in
  '') ;;
  *) case $PTB_AGENT_MODEL in gemini-2*) fail "$PTB_AGENT_MODEL has no effort" ;; esac ;;&
  low | medium | high)
    thinking="{\"thinkingConfig\": {\"thinkingLevel\": \"${PTB_AGENT_EFFORT^^}\"}}"
    model="{\"customOverrides\": [{\"match\": {\"model\": \"$PTB_AGENT_MODEL\"}, \"modelConfig\": {\"generateContentConfig\": $thinking}}]}"
    ;;
  *) fail "effort is low, medium or high, not $PTB_AGENT_EFFORT" ;;
esac
mkdir -p "$HOME/.gemini"
# By a key, whatever else the environment suggests; a command may be silent for hours (in seconds).
cat >"$HOME/.gemini/settings.json" <<END
{
  "security": {"auth": {"selectedType": "gemini-api-key"}},
  "general": {"enableAutoUpdate": false, "retryFetchErrors": true},
  "privacy": {"usageStatisticsEnabled": false},
  "tools": {"shell": {"inactivityTimeout": 36000}},
  "modelConfigs": $model
}
END

session() { # FILE [again]
  with_prompt "$1" gemini --yolo --skip-trust --model "$PTB_AGENT_MODEL" --output-format stream-json ${2:+--resume latest}
}

announce gemini gemini --version
work "$1"
