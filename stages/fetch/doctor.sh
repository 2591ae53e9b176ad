#!/usr/bin/env bash
# For `ptb doctor`: doctor.sh [KIND REPO…]. Offline, whether the cache has the repositories (of fetch: the model's); with
# --online, whether the hub hands them out.
set -euo pipefail

say() { (IFS=$'\t' && echo "$*"); }

if [ $# -eq 0 ]; then
  [ -z "${PTB_MODEL_MAKE:-}" ] || exit 0
  # shellcheck disable=SC2153 # no misspelling: the engine sets one variable per field
  set -- model "$PTB_MODEL_BASE" "$PTB_MODEL_INSTRUCT"
fi
kind=$1
shift

offline=${PTB_HUB_OFFLINE:-${HF_HUB_OFFLINE:-}}
case $offline in
  1 | true | yes | on)
    [ -n "${PTB_HUB_CACHE:-}" ] || {
      say fail 'hub, offline' 'no cache is named to take models and data sets from' 'hub: {cache: /DIR, offline: true}'
      exit 0
    }
    option=''
    [ "$kind" = model ] || option=' --repo-type dataset'
    for repo; do
      if compgen -G "$PTB_HUB_CACHE/${kind}s--${repo//\//--}/snapshots/*" >/dev/null; then
        say ok 'hub, offline' "$repo is in $PTB_HUB_CACHE"
      else
        say fail 'hub, offline' "$repo is not in $PTB_HUB_CACHE" \
          "where there is a network: hf download $repo$option --cache-dir $PTB_HUB_CACHE"
      fi
    done
    exit 0
    ;;
esac

[ -n "${PTB_ONLINE:-}" ] || exit 0
command -v curl >/dev/null || {
  say warn hub 'there is no curl to ask it with' 'install the package curl'
  exit 0
}
endpoint=${HF_ENDPOINT:-https://huggingface.co}
for repo; do
  page=$endpoint/$repo
  [ "$kind" = model ] || page=$endpoint/datasets/$repo
  # The token goes through stdin: arguments can be read by all.
  status=$(printf '%s' "${HF_TOKEN:+header = \"Authorization: Bearer $HF_TOKEN\"}" |
    curl --config - --silent --location --max-time 30 --output /dev/null --write-out '%{http_code}' \
      "$endpoint/api/${kind}s/$repo/auth-check") || true
  case $status in
    200) say ok hub "$repo can be downloaded" ;;
    401 | 403) say fail hub "$repo is not handed out (HTTP $status)" "accept its licence at $page with the account of HF_TOKEN" ;;
    404) say fail hub "there is no $kind $repo, or HF_TOKEN may not see it" "see $page" ;;
    000) say fail hub "$endpoint does not answer" 'see that this machine reaches it (HTTPS_PROXY, SSL_CERT_FILE), or work offline: --offline' ;;
    *) say warn hub "$endpoint answers $status for $repo" 'try again later' ;;
  esac
done
