# shellcheck shell=bash disable=SC2154
# Sourced by stages/post-train/doctor.sh.
if [ -n "${PTB_AGENT_BASE_URL:-}" ]; then
  need 'export it: base-url has a key of its own' "${PTB_AGENT_KEY:-ANTHROPIC_API_KEY}" &&
    ask "$PTB_AGENT_BASE_URL/v1/models" "Authorization: Bearer $secret"
elif [ "${PTB_AGENT_LOGIN:-key}" = subscription ]; then
  need 'claude setup-token prints it' CLAUDE_CODE_OAUTH_TOKEN && untried 'no call of a subscription is free'
else
  need 'export it, or set login: subscription' ANTHROPIC_API_KEY &&
    ask 'https://api.anthropic.com/v1/models?limit=1' "x-api-key: $secret" 'anthropic-version: 2023-06-01'
fi || true
