import type {Argv} from '../base/argv.js';
import {GPU_DEVICES, withGpuDevices} from './gpu-devices.js';
import {INSIDE, type RootEntry, type Sandbox, type SandboxSpec} from './sandbox.js';

/**
 * bubblewrap over the machine's own system folders: own pid, mount, ipc, uts and user namespaces; no home, no project,
 * no other job. Everything inside dies with bwrap.
 */
export const bwrap = (program: string, root: readonly RootEntry[]): Sandbox => ({
  kind: 'bwrap',
  ends: 'reaps',
  limitsMemory: false,
  inside: () => INSIDE,
  wrap: ({mounts, workdir, network, gpus, processes}: SandboxSpec, command: Argv): Argv => {
    const argv: Argv = [
      program,
      '--unshare-all',
      ...(network === 'host' ? ['--share-net'] : []),
      '--die-with-parent',
      '--new-session',
      ...root.flatMap((entry) =>
        entry.kind === 'folder' ? ['--ro-bind', entry.path, entry.path] : ['--symlink', entry.target, entry.path],
      ),
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      ...(gpus === 'machine' ? [GPU_DEVICES] : []),
      ...mounts.flatMap(({from, to, access}) => [access === 'read' ? '--ro-bind' : '--bind', from, to]),
      '--chdir',
      workdir,
      '--',
      ...limited(processes, command),
    ];
    return gpus === 'machine' ? withGpuDevices(['--dev-bind', '@', '@'], argv) : argv;
  },
});

/**
 * Inside, where the kernel counts the processes and threads of this user namespace alone; root of the machine has no limit.
 * dash's `-p` is bash's `-u`.
 */
const limited = (processes: number, command: Argv): Argv => [
  'sh',
  '-c',
  `{ ulimit -u ${processes} || ulimit -p ${processes}; } 2>/dev/null; exec "$@"`,
  'sh',
  ...command,
];
