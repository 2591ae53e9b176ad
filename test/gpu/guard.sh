#!/usr/bin/env bash
# guard.sh PTB...: the GPU guard and slots on a machine with a real NVIDIA GPU, with ptb started by the command PTB. Prints a line
# for each check; exits 1 when one failed. Needs a python3 with torch. Ends only what it started.
set -uo pipefail
ptb=("$@")
name=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
uuids=$(nvidia-smi --query-gpu=uuid --format=csv,noheader)
count=$(wc -l <<<"$uuids")
python=$(command -v python3)
scratch=$(mktemp -d /var/tmp/ptb-guard.XXXXXX)
busy=()
# shellcheck disable=SC2317,SC2329 # reached by the trap, and by check
leave() {
  [ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null
  rm -rf "$scratch"
}
trap leave EXIT
failed=0
check() { # title, condition…
  local title=$1
  shift
  if "$@"; then echo "ok      $title"; else
    failed=1
    echo "FAILED  $title"
    tail -n 15 "$scratch/log" | sed 's/^/        /'
  fi
}
# shellcheck disable=SC2317,SC2329
says() { grep -q -- "$1" "$scratch/log"; }

# A stage with GPUs that says what it sees, and takes long enough that two stand side by side.
mkdir -p "$scratch/stages/look"
cat >"$scratch/stages/look/look.py" <<'END'
import json, os, subprocess, sys, time
import torch
seen = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout.splitlines()
first = torch.ones(1 << 20, device="cuda")
last = first.to(f"cuda:{torch.cuda.device_count() - 1}")
start = time.time()
time.sleep(float(os.environ["PTB_SETTINGS_SECONDS"]))
json.dump(
    {
        "cell": os.environ["PTB_CELL"],
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "torch": [str(torch.cuda.get_device_properties(n).uuid) for n in range(torch.cuda.device_count())],
        "nvidia_smi": seen,
        "devices": sorted(name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()),
        "sum": float(last.sum()),
        "start": start,
        "end": time.time(),
    },
    open("look.json", "w"),
)
END
cat >"$scratch/stages/look/stage.yaml" <<END
for: [cell]
fields: [settings.seconds]
run: ['$python', look.py]
sandbox: {gpu: true}
resources: {gpus: '\${{ gpus.count }}', gpu-name: '\${{ gpus.name? }}', cpus: 1, memory: 8GB, time: 5m, grace: 2s}
outputs: {look: look.json}
END
cat >"$scratch/pipeline.yaml" <<END
name: guard
matrix: {cell: [a]}
settings: {seconds: 1}
gpus: {count: 1}
sandbox: {use: ${SANDBOX:-apptainer}, image: host}
END
run() { (cd "$scratch" && "${ptb[@]}" pipeline run --yes "$@") >"$scratch/log" 2>&1; }
looks() { find "$scratch/runs/results" -name look.json -exec cat {} + 2>/dev/null; }

run --set gpus.name=NO-SUCH-GPU
check "another GPU is asked for: refused" says "NO-SUCH-GPU"
run --set gpus.name="${name##* }"
check "a ${name##* } is asked for: runs" test $? = 0

"$python" -c 'import time, torch; held = [torch.empty(4 << 30, dtype=torch.uint8, device=f"cuda:{n}") for n in range(torch.cuda.device_count())]; time.sleep(120)' &
busy=($!)
for _ in $(seq 100); do
  [ "$(nvidia-smi --query-compute-apps=pid --format=csv,noheader | wc -l)" -ge "$count" ] && break
  sleep 0.3
done
run --set settings.seconds=2
check "a GPU that somebody else uses: refused" says "idle\|in use"
check "and the other process lives" kill -0 "${busy[0]}"
kill "${busy[0]}" && wait "${busy[0]}" 2>/dev/null
busy=()

# More cells than GPUs: each GPU has one at a time.
rm -rf "$scratch/runs"
run --set 'matrix.cell=[a,b,c,d]' --set settings.seconds=3
check "four cells on $count GPU(s): all run" test $? = 0
looks | "$python" -c '
import json, sys
text, looks, read = sys.stdin.read(), [], json.JSONDecoder()
while text.strip():
    one, end = read.raw_decode(text.lstrip()); text = text.lstrip()[end:]; looks.append(one)
for one in looks: print("       ", one["cell"], one["cuda_visible_devices"], one["devices"], len(one["nvidia_smi"]), "seen by nvidia-smi")
assert len(looks) == 4 and all(len(one["torch"]) == 1 and one["sum"] == 1 << 20 for one in looks)
assert all(one["cuda_visible_devices"].count("GPU-") == 1 and len(one["devices"]) == 1 for one in looks)
for one in looks:
    for other in looks:
        if one is not other and one["cuda_visible_devices"] == other["cuda_visible_devices"]:
            assert one["end"] <= other["start"] or other["end"] <= one["start"], (one, other)
if int(sys.argv[1]) > 1:
    assert any(one["cuda_visible_devices"] != other["cuda_visible_devices"] and one["start"] < other["end"] and other["start"] < one["end"] for one in looks for other in looks)
' "$count" >"$scratch/log" 2>&1
check "each sees its own GPU alone, and none has two at a time" test $? = 0
cat "$scratch/log"
if [ "$count" -gt 1 ]; then
  rm -rf "$scratch/runs"
  run --set gpus.count=2
  check "a cell with two GPUs runs" test $? = 0
  looks >"$scratch/log"
  check "and reaches both" says '"devices": \["nvidia0", "nvidia1"\]'
  cat "$scratch/log"
  echo
fi
exit $failed
