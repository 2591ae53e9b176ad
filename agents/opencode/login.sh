# shellcheck shell=bash disable=SC2154
# Sourced by stages/post-train/doctor.sh.
if need 'export it' "${PTB_AGENT_KEY:-OPENCODE_API_KEY}"; then
  if [ -n "${PTB_AGENT_BASE_URL:-}" ]; then
    ask "$PTB_AGENT_BASE_URL/models" "Authorization: Bearer $secret"
  else
    untried 'which call is free depends on the provider'
  fi
fi
