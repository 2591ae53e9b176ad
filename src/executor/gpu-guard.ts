import type {Argv} from '../base/argv.js';

export type GpuGuard = {
  readonly count: number;
  /** A part of the name that nvidia-smi prints. */
  readonly name?: string;
  /** Where the reason goes for which the job is not ready. */
  readonly failure: string;
  /** Where the list of their UUIDs goes, a line of JSON. */
  readonly list: string;
  /** What writes to the GPUs' memory from where the job will run. */
  readonly write: Argv;
};

/** MiB that a driver takes on an idle GPU. */
export const IDLE_MEMORY = 1024;

/** `$GPUS`: the job's, as CUDA_VISIBLE_DEVICES has them. Ends no process: a GPU that others use is not ready. */
const SCRIPT = `
count=$1 name=$2 failure=$3 list=$4
shift 4
not_ready() {
  local because=$*
  because=\${because//[\\"\\\\]/} because=\${because//[[:cntrl:]]/ }
  printf '{"class":"not-ready","because":"%s"}' "$because" >"$failure"
  echo "$because" >&2
  exit 1
}
query() { nvidia-smi \${GPUS:+-i "$GPUS"} "$1" --format=csv,noheader,nounits 2>&1; }

command -v nvidia-smi >/dev/null || not_ready "there is no nvidia-smi on \${HOSTNAME:-this machine}"
gpus=$(query --query-gpu=uuid,name,memory.used) || not_ready "nvidia-smi fails: $gpus"
[ -n "$gpus" ] || not_ready "there is no GPU"
echo "$gpus" >&2
found=0 uuids=''
while IFS=, read -r uuid model used; do
  found=$((found + 1)) uuids=$uuids\${uuids:+,}\\"$uuid\\"
  case $model in *"$name"*) ;; *) not_ready "GPU $uuid is a$model, asked for $name" ;; esac
  case \${used// /} in
    '' | *[!0-9]*) ;;
    *) [ "$used" -le ${IDLE_MEMORY} ] || not_ready "GPU $uuid is not idle:$used MiB are in use" ;;
  esac
done <<END
$gpus
END
echo "[$uuids]" >"$list"
[ "$found" -ge "$count" ] || not_ready "there are $found GPUs, asked for $count"
busy=$(query --query-compute-apps=gpu_uuid,pid,process_name,used_memory) || not_ready "nvidia-smi fails: $busy"
[ -z "$busy" ] || not_ready "a GPU is not idle, other processes use it: $busy"
said=$("$@" 2>&1) || not_ready "CUDA does not work in the sandbox: \${said##*$'\\n'}"
`;

/** The command of the phase that looks, before a job's run, whether its GPUs are there, are those asked for, idle and writable. */
export const guardCommand = ({count, name = '', failure, list, write}: GpuGuard): Argv => [
  'bash',
  '-c',
  SCRIPT,
  'gpu-guard',
  String(count),
  name,
  failure,
  list,
  ...write,
];
