import type {Argv} from '../base/argv.js';
import {GPU_DEVICES, withGpuDevices} from './gpu-devices.js';
import {underInit} from './init.js';
import {csv, INSIDE, type Carry, type RootEntry, type Sandbox, type SandboxSpec} from './sandbox.js';

export type PodmanSettings = {
  readonly program: string;
  /** Both take the same arguments, but for GPUs and what podman alone can do. */
  readonly kind: 'podman' | 'docker';
  readonly skeleton: string;
  readonly root: readonly RootEntry[];
  /** Further folders of the machine that the pipeline exposes; they are part of `root`, and shown in every other image too. */
  readonly exposed: readonly string[];
  /** Under docker's daemon, which is root: UID:GID of who runs ptb, so that files are theirs. Rootless podman maps root to them. */
  readonly user?: string;
  /** The machine describes its GPUs to containers (CDI). Without, they get the device files. */
  readonly cdi: boolean;
  /** Control groups let it limit memory. */
  readonly limitsMemory: boolean;
  readonly own: Carry['own'];
};

/**
 * Podman or Docker: own pid, mount, ipc, uts and network namespaces, no capabilities, no write to the image. The container
 * ends when the client dies: its first process reads until the client's end of stdin is gone.
 */
export const podman = (settings: PodmanSettings): Sandbox => ({
  kind: settings.kind,
  ends: 'forwards',
  carry: {prefix: '', own: settings.own},
  limitsMemory: settings.limitsMemory,
  inside: () => INSIDE,
  beside: {
    // Not by TERM for the client: a rootless podman 4.3 exits then, and the container goes on.
    term: (name) => [settings.program, 'kill', '--signal', 'TERM', name],
    remove: (name) => [settings.program, 'rm', '--force', ...(settings.kind === 'podman' ? ['--time', '0'] : []), name],
  },
  wrap: (spec, command) => wrap(settings, spec, command),
});

function wrap(settings: PodmanSettings, spec: SandboxSpec, command: Argv): Argv {
  const {program, kind, skeleton, root, exposed, user, cdi, limitsMemory} = settings;
  const {name, image, mounts, workdir, network, gpus, environment, memoryMb, processes} = spec;
  const bind = (from: string, to: string, access: 'read' | 'write'): string[] => [
    '--mount',
    ['type=bind', `source=${from}`, `destination=${to}`, ...(access === 'read' ? ['readonly'] : [])].map(csv).join(','),
  ];
  const bindsDevices = gpus === 'machine' && kind !== 'docker' && !cdi;
  const devices = (): string[] => {
    if (gpus === 'none') return [];
    if (kind === 'docker') return ['--gpus', 'all'];
    return cdi ? ['--device', 'nvidia.com/gpu=all'] : [GPU_DEVICES];
  };
  const isHost = image.kind === 'host';
  if (image.kind === 'file') throw new Error(`internal: ${kind} cannot run ${image.path}`);
  const argv: Argv = [
    program,
    'run',
    '--rm',
    '--interactive',
    ...['--name', name],
    ...(kind === 'podman' ? ['--replace', '--no-hosts'] : []),
    ...['--pull', 'missing'],
    ...['--log-driver', 'none'],
    ...['--network', network],
    ...['--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
    '--read-only',
    // Those of podman and docker have 64 MB, too little for data loaders.
    ...['--shm-size', `${memoryMb}m`],
    ...(limitsMemory ? ['--memory', `${memoryMb}m`, '--pids-limit', String(processes)] : []),
    ...(user === undefined ? [] : ['--user', user]),
    ...devices(),
    ...environment.flatMap((variable) => ['--env', variable]),
    ...['--tmpfs', '/ptb'],
    ...(isHost
      ? root.flatMap((entry) => (entry.kind === 'folder' ? bind(entry.path, entry.path, 'read') : []))
      : exposed.flatMap((path) => bind(path, path, 'read'))),
    ...mounts.flatMap(({from, to, access}) => bind(from, to, access)),
    ...['--workdir', workdir],
    ...['--entrypoint', ''],
    ...(isHost ? ['--rootfs', skeleton] : [image.reference]),
    ...underInit({forget: ['container', 'HOSTNAME', 'TERM'], processes, lifeline: true}, command),
  ];
  return bindsDevices ? withGpuDevices(['--device', '@'], argv) : argv;
}
