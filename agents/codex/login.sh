# shellcheck shell=bash disable=SC2154
# Sourced by stages/post-train/doctor.sh.
if [ "${PTB_AGENT_LOGIN:-key}" = subscription ]; then
  need 'export the content of the file auth.json that codex login wrote' CODEX_AUTH_JSON && untried 'no call of a subscription is free'
else
  # shellcheck disable=SC2086 # none, where no key is named
  need 'export one of them, or set login: subscription' ${PTB_AGENT_KEY:-} CODEX_API_KEY OPENAI_API_KEY &&
    ask "${PTB_AGENT_BASE_URL:-https://api.openai.com/v1}/models" "Authorization: Bearer $secret"
fi || true
