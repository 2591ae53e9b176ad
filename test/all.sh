#!/usr/bin/env bash
# `npm test`: every check of this repository. Installs what it needs (see containers/setup.sh), runs all checks even when
# one fails, and closes with the sum of passed and failed tests. A check (formatter, linter, types) counts as one test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 70

passed=0 failed=0 failures=()
check() { # title, command…
  local title=$1 started=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $title ($((SECONDS - started)) s)"
  else
    failed=$((failed + 1)) failures+=("$title")
    echo "FAILED  $title"
    sed 's/^/        /' "$log"
  fi
}
count() { # title, how many passed, how many failed
  passed=$((passed + $2)) failed=$((failed + $3))
  [ "$3" = 0 ] || failures+=("$1")
}

set -e
bash containers/setup.sh browser shells
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then npm ci; fi
npm run --silent build
# shellcheck source=/dev/null
. test/venv.sh
set +e
log=$(mktemp) beside=$(mktemp -d)
cluster='' evals=''
clean_up() {
  local group
  for group in $cluster $evals; do kill -- "-$group" 2>/dev/null; done
  rm -rf "$log" "$beside"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

tests() { # the file for vitest's counts, its arguments…
  local counts=$1
  shift
  npx vitest run --reporter=default --reporter=json --outputFile.json="$counts" "$@"
}
figure() { node -p "JSON.parse(require('fs').readFileSync('$1', 'utf8')).$2" 2>/dev/null || echo 0; }
count_tests() { # title, how vitest ended, the file of its counts
  local wrong
  wrong=$(figure "$3" numFailedTests)
  [ "$2" = 0 ] || [ "$wrong" -gt 0 ] || wrong=1
  count "$1" "$(figure "$3" numPassedTests)" "$wrong"
}

# These wait for schedulers and for packages most of the time: beside them the others work.
set -m # groups of their own, which end with this script
tests "$beside/cluster" test/cluster >"$beside/cluster.log" 2>&1 </dev/null &
cluster=$!
bash test/evals.sh "$beside/evals" >"$beside/evals.log" 2>&1 </dev/null &
evals=$!
set +m

bash test/supply/audit.sh || count 'npm audit' 0 1
check 'prettier' npx prettier --check .
check 'eslint' npx eslint .
check 'tsc' npx tsc --noEmit -p .
check 'tsc in the browser' npx tsc --noEmit -p src/report/site/client
check 'shellcheck' bash -c "git ls-files '*.sh' '*.bash' src/bin/ptb .ci/run | xargs shellcheck"
check 'ruff' ruff check .
check 'ruff format' ruff format --check .
check 'mypy packages' mypy evals/numpy_lm evals/ptb_evals evals/small_lm evals/tiny_lm
check 'mypy agents' mypy agents
check 'mypy test' env MYPYPATH=evals:agents:stages/evidence mypy test
# Their file names repeat from folder to folder, so each is a program of its own.
for folder in stages/*/ evals/*/ src/templates/*/; do
  case $folder in evals/numpy_lm/ | evals/ptb_evals/ | evals/small_lm/ | evals/tiny_lm/) continue ;; esac
  compgen -G "$folder*.py" >/dev/null || continue
  check "mypy $folder" env MYPYPATH="evals:agents:$folder:${folder}tests:stages/evidence" mypy "$folder"
done

check 'mypy bench/gpu' env MYPYPATH="evals:bench/gpu" mypy bench/gpu
check 'mypy bench/audit' env MYPYPATH="evals:bench/audit:stages/evidence:stages/audit" mypy bench/audit
check 'bench/audit: recall and precision' python3 bench/audit/suite.py

pytest -q -rs --junit-xml="$log"
ended=$?
attribute() { sed -n "s/.*<testsuite [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$log" | grep . || echo 0; }
wrong=$(($(attribute failures) + $(attribute errors)))
[ $ended = 0 ] || [ $wrong -gt 0 ] || wrong=1 # it broke before it could count
count 'pytest' $(($(attribute tests) - wrong - $(attribute skipped))) $wrong

wait "$evals"
ended=$?
cat "$beside/evals.log"
# Where it cannot run it has said why; continuous integration must be able to.
if [ $ended != 3 ] || [ -n "${PTB_TEST_LAB:-}" ]; then
  read -r right wrong 2>/dev/null <"$beside/evals" || right=0 wrong=1
  count 'evals' "$right" "$wrong"
fi

wait "$cluster"
ended=$?
cat "$beside/cluster.log"
count_tests 'vitest test/cluster' $ended "$beside/cluster"

tests "$log" --exclude 'test/cluster/**'
count_tests 'vitest' $? "$log"

for failure in ${failures[@]+"${failures[@]}"}; do echo "failed: $failure"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
