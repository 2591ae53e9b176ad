import type {Argv} from '../base/argv.js';
import type {Layout, Sandbox, SandboxSpec} from './sandbox.js';

/** A folder at the root of this machine, as a job shall see it: bound read-only, or the same link again. */
export type RootEntry =
  | {readonly kind: 'folder'; readonly path: string}
  | {readonly kind: 'link'; readonly path: string; readonly target: string};

/** Where a job finds its parts inside. Fixed, so that no path of the machine reaches an output. */
export const INSIDE: Layout = {
  work: '/work',
  files: '/ptb/files',
  inputs: '/ptb/in',
  out: '/ptb/out',
  stepFile: '/ptb/step.json',
  home: '/home/ptb',
  tmp: '/tmp',
  path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/**
 * bubblewrap over the machine's own system folders: own pid, mount, ipc, uts and user namespaces; no home, no project,
 * no other job. Everything inside dies with bwrap.
 */
export const bwrap = (program: string, root: readonly RootEntry[]): Sandbox => ({
  kind: 'bwrap',
  reaps: true,
  inside: () => INSIDE,
  wrap: ({mounts, workdir, network, devices}: SandboxSpec, command: Argv): Argv => [
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
    ...devices.flatMap((device) => ['--dev-bind', device, device]),
    ...mounts.flatMap(({from, to, access}) => [access === 'read' ? '--ro-bind' : '--bind', from, to]),
    '--chdir',
    workdir,
    '--',
    ...command,
  ],
});
