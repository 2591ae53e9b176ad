#!/usr/bin/env bash
# evals.sh [COUNTS]: the real evals, with the real torch, transformers and inspect-ai. Runs the profile cpu on one of its models, in a
# copy of the project under .venv-evals/, and looks at its table; then evals/ptb_evals/tests/chat and evals/small_lm/tests in the
# environment which that run has installed. Writes how many tests passed and failed to COUNTS. Exit 3, with the reason, where it
# cannot run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 70
counts=${1:-/dev/stdout} project=.venv-evals
PATH=${PTB_TEST_LAB:-/tmp/ptb-test-lab}/bin:$PATH
# For pytest alone: the tests run in the environment of the pipeline.
# shellcheck source=/dev/null
(. test/venv.sh) || exit 1

cannot() { echo "does not run here: the real evals: $*" && exit 3; }
[ "$(uname -sm)" = 'Linux x86_64' ] || cannot 'their packages are tried on x86-64 Linux alone'
if command -v apptainer >/dev/null; then
  sandbox=apptainer
elif [ -n "${PTB_TEST_LAB:-}" ]; then
  cannot 'no apptainer: as root on Debian, bash test/lab/apptainer.sh'
else
  sandbox=bwrap
fi

mkdir -p "$project" && rm -rf "$project"/{agents,containers,evals,stages}
git ls-files -z --cached --others --exclude-standard pipeline.yaml agents containers evals stages |
  xargs -0 cp --parents -t "$project"

# All but the packages is done again.
results=$project/runs/results
if [ -d "$results" ]; then
  find "$results" -mindepth 1 -maxdepth 1 ! -name environment -exec chmod -R u+w {} + -exec rm -rf {} +
  rm -f "$project/runs/ledger.json"
fi
profile() { (cd "$project" && node ../dist/cli/main.js "$@" --profile cpu --only model=cpu-qwen3 --set "sandbox.use=$sandbox"); }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What only detaches when it is told to end would go on installing packages.
trap 'profile pipeline stop >/dev/null 2>&1; exit 130' INT TERM
began=$SECONDS passed=0 failed=0
if profile pipeline run >"$log" 2>&1 && profile table --format json >"$project/table.json"; then
  ran=yes
else
  ran='' failed=1
  echo "FAILED  the profile cpu in $sandbox"
  sed 's/^/        /' "$log"
fi
environment=$(find "$PWD/$results/environment" -path '*/out/env/bin' -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2-)
if [ -z "$environment" ]; then
  echo "$passed $failed" >"$counts"
  exit 1
fi

# pytest alone comes from elsewhere: it is looked for last.
tests=(evals/ptb_evals/tests/chat evals/small_lm/tests)
[ -z "$ran" ] || tests+=(test/cpu)
echo "        profile cpu in $sandbox: $((SECONDS - began)) s"
PATH=$environment:$PATH PYTHONPATH=evals PTB_TEST_PROJECT=$PWD/$project python3 -c '
import sys
sys.path.append(sys.argv.pop(1))
import pytest
sys.exit(pytest.main())
' "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" -q -rs --junit-xml="$log" "${tests[@]}"
ended=$?
attribute() { sed -n "s/.*<testsuite [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$log" | grep . || echo 0; }
wrong=$(($(attribute failures) + $(attribute errors)))
[ $ended = 0 ] || [ $wrong -gt 0 ] || wrong=1
passed=$((passed + $(attribute tests) - wrong - $(attribute skipped))) failed=$((failed + wrong))
echo "$passed $failed" >"$counts"
[ "$failed" = 0 ]
