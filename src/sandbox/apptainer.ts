import type {Argv} from '../base/argv.js';
import {GPU_DEVICES, withGpuDevices} from './gpu-devices.js';
import {underInit} from './init.js';
import {csv, INSIDE, type Carry, type RootEntry, type Sandbox, type SandboxSpec} from './sandbox.js';

export type ApptainerSettings = {
  readonly program: string;
  /** An empty folder with the machine's own links at its root: the image `host`. */
  readonly skeleton: string;
  /** The machine's system folders, for the image `host`. */
  readonly root: readonly RootEntry[];
  /** Further folders of the machine that the pipeline exposes; they are part of `root`, and shown in every other image too. */
  readonly exposed: readonly string[];
  /** Without the help of a setuid starter, in a user namespace of its own: for root, who would be root inside. */
  readonly userns: boolean;
  /** Control groups let it limit memory. */
  readonly limitsMemory: boolean;
  /** Where images of registries lie as SIF files. */
  readonly pulled: (digest: string) => string;
  /** `PATH` and `HOME` of apptainer itself. */
  readonly own: Carry['own'];
};

/** Apptainer: own pid, mount, ipc and user namespaces, no home and no environment of the host, no write to the image. */
export const apptainer = (settings: ApptainerSettings): Sandbox => ({
  kind: 'apptainer',
  ends: 'forwards',
  carry: {prefix: 'APPTAINERENV_', own: settings.own},
  limitsMemory: settings.limitsMemory,
  inside: () => INSIDE,
  wrap: (spec, command) => wrap(settings, spec, command),
});

function wrap(settings: ApptainerSettings, spec: SandboxSpec, command: Argv): Argv {
  const {program, skeleton, root, exposed, userns, limitsMemory, pulled} = settings;
  const {image, mounts, workdir, network, gpus, memoryMb, processes} = spec;
  const bind = (from: string, to: string, access: 'read' | 'write'): string[] => [
    '--mount',
    ['type=bind', `source=${from}`, `destination=${to}`, ...(access === 'read' ? ['ro'] : [])].map(csv).join(','),
  ];
  const system = (): string[] =>
    root.flatMap((entry) => (entry.kind === 'folder' ? bind(entry.path, entry.path, 'read') : []));
  // The machine's own folders hold the driver's libraries; into an image they are brought with the devices.
  const bindsDevices = gpus === 'machine' && image.kind === 'host';
  const argv: Argv = [
    program,
    '--silent',
    'exec',
    ...(userns ? ['--userns'] : []),
    '--containall',
    '--cleanenv',
    '--no-eval',
    '--no-init',
    // Files of the user, and of root where that is who runs it, would be writable below /sys.
    ...['--no-mount', 'sys,cwd,hostfs,bind-paths'],
    '--no-home',
    ...(network === 'none' ? ['--net', '--network', 'none'] : []),
    ...(limitsMemory ? ['--memory', `${memoryMb}M`, '--pids-limit', String(processes)] : []),
    ...(image.kind === 'host' ? system() : exposed.flatMap((path) => bind(path, path, 'read'))),
    ...(gpus === 'none' ? [] : [bindsDevices ? GPU_DEVICES : '--nv']),
    ...mounts.flatMap(({from, to, access}) => bind(from, to, access)),
    ...['--pwd', workdir],
    image.kind === 'host' ? skeleton : image.kind === 'file' ? image.path : pulled(image.digest),
    ...underInit(
      {forget: ['PROMPT_COMMAND'], hide: ['APPTAINER_CONTAINER', 'SINGULARITY_CONTAINER'], processes},
      command,
    ),
  ];
  return bindsDevices ? withGpuDevices(bind('@', '@', 'write'), argv) : argv;
}
