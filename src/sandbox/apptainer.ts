import type {Argv} from '../base/argv.js';
import {underInit} from './init.js';
import {INSIDE, type Layout, type RootEntry, type Sandbox, type SandboxSpec} from './sandbox.js';

export type ApptainerSettings = {
  readonly program: string;
  /** An empty folder with the machine's own links at its root: the image `host`. */
  readonly skeleton: string;
  /** The machine's system folders, for the image `host`. */
  readonly root: readonly RootEntry[];
  /** Without the help of a setuid starter, in a user namespace of its own: for root, who would be root inside. */
  readonly userns: boolean;
  /** `PATH` and `HOME` of apptainer itself. */
  readonly path: string;
  readonly home: string;
};

/** Apptainer: own pid, mount, ipc and user namespaces, no home and no environment of the host, no write to the image. */
export const apptainer = ({program, skeleton, root, userns, path, home}: ApptainerSettings): Sandbox => ({
  kind: 'apptainer',
  ends: 'forwards',
  carry: {
    prefix: 'APPTAINERENV_',
    own: [
      ['PATH', path],
      ['HOME', home],
    ],
  },
  inside: (): Layout => INSIDE,
  wrap: ({mounts, workdir, network, devices}: SandboxSpec, command: Argv): Argv => {
    const bind = (from: string, to: string, access: 'read' | 'write'): string[] => [
      '--mount',
      ['type=bind', `source=${from}`, `destination=${to}`, ...(access === 'read' ? ['ro'] : [])].map(csv).join(','),
    ];
    return [
      program,
      '--silent',
      'exec',
      ...(userns ? ['--userns'] : []),
      '--containall',
      '--cleanenv',
      '--no-eval',
      '--no-init',
      // Files of the user, and of root where that is who runs it, are writable below /sys.
      '--no-mount',
      'sys,cwd,hostfs,bind-paths',
      '--no-home',
      ...(network === 'none' ? ['--net', '--network', 'none'] : []),
      ...root.flatMap((entry) => (entry.kind === 'folder' ? bind(entry.path, entry.path, 'read') : [])),
      ...devices.flatMap((device) => bind(device, device, 'write')),
      ...mounts.flatMap(({from, to, access}) => bind(from, to, access)),
      '--pwd',
      workdir,
      skeleton,
      ...underInit(['APPTAINER_CONTAINER', 'SINGULARITY_CONTAINER'], ['PROMPT_COMMAND'], command),
    ];
  },
});

/** A field of `--mount`, which is read as a line of CSV. */
const csv = (field: string): string => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
