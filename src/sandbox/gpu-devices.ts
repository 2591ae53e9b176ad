import type {Argv} from '../base/argv.js';

/** Stands among the arguments for what the device files of the GPUs become. */
export const GPU_DEVICES = '{gpu devices}';

const SCRIPT = `
folder=$1 mark=$2 length=$3
template=("\${@:4:length}")
shift $((3 + length))
words=()
for word; do
  if [ "$word" != "$mark" ]; then
    words+=("$word")
    continue
  fi
  for device in "$folder"/nvidia*; do
    [ -e "$device" ] || continue
    for part in "\${template[@]}"; do words+=("\${part//@/$device}"); done
  done
done
exec "\${words[@]}"`;

/**
 * The command with GPU_DEVICES replaced, when it is run and where it is run, by `template` for each device file of an NVIDIA
 * GPU, `@` being its path: whoever submits a job does not know the machine.
 */
export const withGpuDevices = (template: readonly string[], command: Argv, folder = '/dev'): Argv => [
  ...(['/bin/bash', '-c', SCRIPT, 'gpu-devices'] as const),
  ...[folder, GPU_DEVICES, String(template.length), ...template],
  ...command,
];
