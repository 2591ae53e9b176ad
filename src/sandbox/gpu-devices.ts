import type {Argv} from '../base/argv.js';

/** Stands among the arguments for what the device files of the GPUs become. */
export const GPU_DEVICES = '{gpu devices}';

const SCRIPT = `
folder=$1 driver=$2 mark=$3 length=$4
template=("\${@:5:length}")
shift $((4 + length))
given=,\${CUDA_VISIBLE_DEVICES-\${APPTAINERENV_CUDA_VISIBLE_DEVICES-}},
strangers=' '
case $given in ,GPU-*)
  for file in "$driver"/gpus/*/information; do
    uuid='' minor=''
    while read -r name rest; do
      case "$name $rest" in 'GPU UUID:'*) uuid=\${rest##*[: ]} ;; 'Device Minor:'*) minor=\${rest##*[: ]} ;; esac
    done 2>/dev/null <"$file"
    case $given in *",$uuid,"*) ;; *) strangers="$strangers\${minor:+nvidia$minor }" ;; esac
  done ;;
esac
words=()
for word; do
  if [ "$word" != "$mark" ]; then
    words+=("$word")
    continue
  fi
  for device in "$folder"/nvidia*; do
    [ -e "$device" ] || continue
    case $strangers in *" \${device##*/} "*) continue ;; esac
    for part in "\${template[@]}"; do words+=("\${part//@/$device}"); done
  done
done
exec "\${words[@]}"`;

/**
 * The command with GPU_DEVICES replaced, when it is run and where it is run, by `template` for each device file of an NVIDIA
 * GPU, `@` being its path: whoever submits a job does not know the machine. Where CUDA_VISIBLE_DEVICES names GPUs by UUID and
 * the driver says which is which, the files of other GPUs are left out.
 */
export const withGpuDevices = (
  template: readonly string[],
  command: Argv,
  folder = '/dev',
  driver = '/proc/driver/nvidia',
): Argv => [
  ...(['/bin/bash', '-c', SCRIPT, 'gpu-devices'] as const),
  ...[folder, driver, GPU_DEVICES, String(template.length), ...template],
  ...command,
];
