# shellcheck shell=bash disable=SC2154
# Sourced by stages/post-train/doctor.sh.
if need 'export it' "${PTB_AGENT_KEY:-GEMINI_API_KEY}"; then
  ask "${PTB_AGENT_BASE_URL:-https://generativelanguage.googleapis.com}/v1beta/models?pageSize=1" "x-goog-api-key: $secret"
fi
