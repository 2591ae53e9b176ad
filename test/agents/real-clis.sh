#!/usr/bin/env bash
# Installs the agents' real command lines, in the versions that containers/agents/package-lock.json pins, into a temporary folder and runs
# each through its solve.sh, recorder and parser against a local stand-in for its provider: every option that we pass must stand
# in the --help, the session must come to its end, and the usage must be what the stand-in told. 400 MB, minutes, node >= 22.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'kill "$provider" 2>/dev/null; rm -rf "$scratch"' EXIT
provider=''

cp "$root"/containers/agents/package*.json "$scratch"
(cd "$scratch" && npm install --silent --no-fund --no-audit)
export PATH=$scratch/node_modules/.bin:$PATH HOME=$scratch/home
mkdir "$HOME"

failed=0
wrong() {
  echo "FAILED  $*"
  failed=1
}

shows() { # TITLE "COMMAND --help" OPTION...
  local help option title=$1
  help=$($2 2>&1 </dev/null)
  shift 2
  for option in "$@"; do
    grep -qE -- "(^|[ ,])$option([ ,=<]|$)" <<<"$help" || wrong "$title: --help does not show $option"
  done
}
shows claude 'claude --help' --print --verbose --model --output-format --dangerously-skip-permissions --effort --continue
grep -q -- '"stream-json"' <(claude --help) || wrong 'claude: no stream-json'
shows codex 'codex --help' --search --model
shows 'codex exec' 'codex exec --help' --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --model --config
shows 'codex exec resume' 'codex exec resume --help' --last
shows gemini 'gemini --help' --yolo --skip-trust --model --output-format --resume
shows opencode 'opencode run --help' --model --format --auto --thinking --variant --continue

node "$root/test/agents/stand-in-provider.mjs" "$scratch/requests" >"$scratch/port" &
provider=$!
until [ -s "$scratch/port" ]; do sleep 0.1; done
url=http://127.0.0.1:$(cat "$scratch/port")

solve() { # NAME VARIABLE=VALUE...
  local name=$1 work=$scratch/$1
  shift
  mkdir -p "$work/task"
  echo 'Say hello.' >"$work/prompt.txt"
  (cd "$work/task" && env "$@" timeout 300 python3 -I "$root/stages/post-train/record.py" \
    --agent "$root/agents/$name" --work "$work" -- bash "$root/agents/$name/solve.sh" ../prompt.txt) >"$work/log" 2>&1 ||
    wrong "$name: exit $?: $(tail -n 3 "$work/log")"
  if node -e '
    const usage = require(process.argv[1]);
    const told = ["input_tokens", "cached_tokens", "output_tokens", "turns", "sessions", "tool_calls"].map((key) => usage[key]);
    process.exit(String(told) === "300,80,40,2,1,1" ? 0 : 1)' "$work/usage.json"; then
    echo "ok      $name"
  else
    wrong "$name: $(cat "$work/usage.json")"
  fi
}
solve claude PTB_AGENT_MODEL=claude-sonnet-4-5 PTB_AGENT_EFFORT=high ANTHROPIC_API_KEY=none PTB_AGENT_BASE_URL="$url"
solve codex PTB_AGENT_MODEL=gpt-5.1-codex PTB_AGENT_EFFORT=xhigh OPENAI_API_KEY=none PTB_AGENT_BASE_URL="$url/v1"
solve gemini PTB_AGENT_MODEL=gemini-3.1-pro-preview PTB_AGENT_EFFORT=high GEMINI_API_KEY=none PTB_AGENT_BASE_URL="$url"
solve opencode PTB_AGENT_MODEL=other/m-1 PTB_AGENT_EFFORT=high OTHER_API_KEY=none PTB_AGENT_KEY=OTHER_API_KEY \
  PTB_AGENT_BASE_URL="$url/v1"
exit "$failed"
