/** Seconds between two lines of telemetry of a GPU. */
const TELEMETRY_SECONDS = 10;

/** bash: what the job's GPUs do meanwhile. */
export const TELEMETRY = `
figure() { case $1 in '' | *[!0-9.]*) figure=null ;; *) figure=$1 ;; esac; }

telemetry() { # a line every ${TELEMETRY_SECONDS} s for each GPU of the job, until this group of processes is killed
  local gpu busy used total power figure
  trap - TERM
  nvidia-smi \${CUDA_VISIBLE_DEVICES:+-i "$CUDA_VISIBLE_DEVICES"} --format=csv,noheader,nounits -l ${TELEMETRY_SECONDS} \
    --query-gpu=uuid,utilization.gpu,memory.used,memory.total,power.draw 2>/dev/null |
    while IFS=, read -r gpu busy used total power; do
      kill -0 "$me" 2>/dev/null || return # the script was killed alone
      clock
      printf '{"time":%s,"gpu":"%s"' "$now" "$gpu"
      figure "\${busy# }"; printf ',"utilization":%s' "$figure"
      figure "\${used# }"; printf ',"memoryMb":%s' "$figure"
      figure "\${total# }"; printf ',"totalMb":%s' "$figure"
      figure "\${power# }"; printf ',"watts":%s}\\n' "$figure"
    done >>telemetry.jsonl 2>/dev/null
}`;
