#!/usr/bin/env bash
# run.sh PART...: what docs/gpu.md reports, on a machine with NVIDIA GPUs; results come to be files of $OUT. Parts: machine, guard,
# pipeline, limits, sampler, throughput, vllm. With PACK=FILE.tar.xz (pack.sh) nothing else has to be installed but a python3 with torch,
# transformers and peft. OPTIONS are further flags of `ptb pipeline run`, split at blanks.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 70
: "${OUT:?the folder for results}"
python=${PYTHON:-$(command -v python3)}
read -ra options <<<"${OPTIONS:-}"
stamp() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

# Lays out what pack.sh packed.
unpack() {
  [ -n "${PACK:-}" ] || return 0
  local to=/opt/ptb-pack goes
  if [ ! -e "$to/ready" ]; then
    mkdir -p "$to" && tar -C "$to" -xJf "$PACK" || exit 1
    goes=$(cat "$to/ptb-gpu/apptainer-goes-to")
    mkdir -p "$(dirname "$goes")" && ln -sfn "$to/ptb-gpu/apptainer" "$goes"
    ln -sfn "$goes/usr/bin/apptainer" "$to/ptb-gpu/bin/apptainer"
    # Beside torch, where every job finds it.
    echo "$to/ptb-gpu/site" >"$("$python" -c 'import site; print(site.getsitepackages()[0])')/ptb-pack.pth"
    # Byte code that no job may write: without it every job compiles what it imports.
    "$python" -m compileall -q -j 0 "$("$python" -c 'import site; print(site.getsitepackages()[0])')" "$to/ptb-gpu/site" >/dev/null 2>&1
    cp -R "$to/ptb-gpu/ptb/." .
    touch "$to/ready"
  fi
  export PATH=$to/ptb-gpu/bin:$PATH
}
unpack
ptb=(node "$PWD/dist/cli/main.js")
gpu=(--profile gpu --set "environment.python=$python" ${options[@]+"${options[@]}"})

machine() {
  {
    echo "time: $(stamp)"
    echo "kernel: $(uname -sr)"
    # shellcheck source=/dev/null
    echo "system: $(. /etc/os-release && echo "$PRETTY_NAME")"
    echo "cpus: $(nproc)"
    nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader | sed 's/^/gpu: /'
    echo "apptainer: $(apptainer --version | sed 's/.* //')"
    echo "node: $(node --version)"
    "$python" -c '
import platform
from importlib.metadata import version
print("python:", platform.python_version())
for name in ("torch", "transformers", "peft", "inspect-ai"):
    print(f"{name}: {version(name)}")
'
    git log -1 --format='commit: %h' 2>/dev/null
  } | tee "$OUT/machine.txt"
}

guard() { bash test/gpu/guard.sh "${ptb[@]}" 2>&1 | tee "$OUT/guard.txt"; }

# The profile; its controller is killed once in the middle of a training, and the same command goes on.
pipeline() {
  local controller ended name found steps=0 deadline=$((SECONDS + ${LIMIT:-520}))
  echo "$(stamp) run" | tee -a "$OUT/pipeline.log"
  "${ptb[@]}" pipeline run "${gpu[@]}" --yes >>"$OUT/pipeline.log" 2>&1 &
  controller=$!
  while [ -z "${NO_KILL:-}" ] && kill -0 $controller 2>/dev/null && [ $SECONDS -lt $deadline ]; do
    steps=$(grep -ls 'step 100 of' runs/attempts/post-train/*/1/work/trace.jsonl 2>/dev/null | head -n 1)
    if [ -n "$steps" ]; then
      kill -KILL $controller
      echo "$(stamp) controller killed while $(basename "$(dirname "$(dirname "$(dirname "$steps")")")") trained" | tee -a "$OUT/pipeline.log"
      sleep 2
      echo "$(stamp) run again; the job $(grep -c . "$steps") lines into its trace" | tee -a "$OUT/pipeline.log"
      "${ptb[@]}" pipeline run "${gpu[@]}" --yes >>"$OUT/pipeline.log" 2>&1 &
      controller=$!
      NO_KILL=1
    fi
    sleep 0.5
  done
  while kill -0 $controller 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.5; done
  ! kill -0 $controller 2>/dev/null || kill -INT $controller
  wait $controller
  ended=$?
  echo "$(stamp) ended with $ended" | tee -a "$OUT/pipeline.log"
  "${ptb[@]}" table "${gpu[@]}" --format markdown >"$OUT/table.md" 2>&1
  "${ptb[@]}" report "${gpu[@]}" --out site >/dev/null 2>&1
  "$python" bench/gpu/records.py results runs >"$OUT/records.json"
  for name in fetch/qwen3 post-train/gpu-lora-smollm3; do
    found=(runs/results/"$name"-*/telemetry.jsonl)
    [ ! -e "${found[0]}" ] || cp "${found[0]}" "$OUT/telemetry-${name%%/*}.jsonl"
  done
  keep pipeline
  cat "$OUT/table.md"
  tail -n 15 "$OUT/pipeline.log"
}

# keep NAME: records, logs, telemetry and the site, without the models.
keep() {
  tar -cf - --exclude='out/hub' --exclude=final_model --exclude=task --exclude=log --exclude=files --exclude=env \
    --exclude=work --exclude=home --exclude=tmp runs/results runs/attempts runs/journal site 2>/dev/null |
    xz -T0 -3 >"$OUT/$1.tar.xz"
}

# An agent that ignores the end of its time, and whose controller is killed meanwhile; the next step needs its GPU.
limits() {
  local controller ended sampler
  local flags=(--profile gpu --set "environment.python=$python" --set 'matrix.agent=[gpu-endless]' --set 'matrix.replicate=[1]'
    --set 'matrix.model=[qwen3-50m]' --set 'matrix.benchmark=[gpu-words]' --set "matrix.hours=[${ENDLESS_HOURS:-0.01}]" --set 'matrix.exclude=[]'
    --set stages.post-train.resources.grace=2s ${options[@]+"${options[@]}"})
  nvidia-smi --query-gpu=timestamp,uuid,memory.used,utilization.gpu --format=csv,noheader,nounits -lms 200 >"$OUT/limits.csv" 2>/dev/null &
  sampler=$!
  # Jobs of a run that was cut off hold the GPUs, and their controller would be watched instead.
  "${ptb[@]}" pipeline stop "${gpu[@]}" >>"$OUT/limits.log" 2>&1
  "${ptb[@]}" pipeline run "${flags[@]}" --yes >>"$OUT/limits.log" 2>&1 &
  controller=$!
  for _ in $(seq 1200); do
    grep -qs '"busy"' runs/attempts/post-train/gpu-endless-*/1/work/trace.jsonl && break
    kill -0 $controller 2>/dev/null || break
    sleep 0.2
  done
  echo "$(stamp) controller killed" | tee -a "$OUT/limits.log"
  kill -KILL $controller
  sleep 2
  "${ptb[@]}" pipeline run "${flags[@]}" --yes >>"$OUT/limits.log" 2>&1
  ended=$?
  echo "$(stamp) ended with $ended" | tee -a "$OUT/limits.log"
  kill $sampler
  "$python" bench/gpu/records.py freed runs "$OUT/limits.csv" | tee "$OUT/limits.json"
}

# What a sampler of the kind that a job starts costs, in the clock ticks of the kernel (100 a second).
sampler() {
  nvidia-smi --format=csv,noheader,nounits -l 10 --query-gpu=uuid,utilization.gpu,memory.used,memory.total,power.draw >/dev/null &
  local sampler=$! stat
  sleep "${SAMPLED:-60}"
  read -r stat <"/proc/$sampler/stat"
  kill $sampler
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  echo "nvidia-smi -l 10: $((${12} + ${13})) ticks of CPU time in ${SAMPLED:-60} s" | tee "$OUT/sampler.txt"
}

throughput() { throughput_of hf; }

# Only where vLLM is installed: with its own packages it may be another PYTHON than the other parts'.
vllm() { throughput_of vllm; }

throughput_of() { # engine
  local work
  work=$(mktemp -d /var/tmp/ptb-throughput.XXXXXX)
  CUDA_VISIBLE_DEVICES=0 "$python" bench/gpu/throughput.py --work "$work" --out "$OUT/throughput.json" --engine "$1" ${SMALL:+--small} \
    >"$OUT/throughput-$1.log" 2>&1
  tail -n 12 "$OUT/throughput-$1.log"
  rm -rf "$work"
}

for part; do
  echo "== $part $(stamp)"
  "$part"
done
echo "== end $(stamp)"
