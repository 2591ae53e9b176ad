import {existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {canonical, sha256} from '../base/canonical.js';
import type {SandboxSettings} from '../config/pipeline.js';
import {apptainer} from '../sandbox/apptainer.js';
import {bwrap} from '../sandbox/bwrap.js';
import {none} from '../sandbox/none.js';
import type {RootEntry, Sandbox} from '../sandbox/sandbox.js';

/** Not ready: what is missing on this machine, and the remedy. */
export type NotReady = {readonly kind: 'not-ready'; readonly message: string; readonly remedy: string};

/** What a sandbox program is looked for and run with. */
export type Host = {
  readonly path: string;
  readonly home: string;
  /** Where `npm ci` puts what the system lacks. */
  readonly tools: string;
  /** A folder for what sandboxes need on disk. */
  readonly scratch: string;
};

/** Folders of a Linux system that programs need; homes, projects and mounted disks are not among them. */
const SYSTEM = ['bin', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'nix', 'opt', 'sbin', 'usr'];
/** Where /etc/resolv.conf leads to on many systems. */
const RESOLVERS = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager'];

const NO_SANDBOX = 'or run without a sandbox by --set sandbox.use=none (agents then see all that you see)';

/** The sandbox that the pipeline asks for, tried out. */
export async function findSandbox({use, expose}: SandboxSettings, host: Host): Promise<Sandbox | NotReady> {
  switch (use) {
    case 'none':
      return none(host.path);
    case 'bwrap':
      return tryOut(bwrap(programOf('bwrap', host) ?? 'bwrap', rootOf(expose)), {
        install: `install the package bubblewrap, ${NO_SANDBOX}`,
        mend: `allow unprivileged user namespaces, ${NO_SANDBOX}`,
      });
    case 'apptainer': {
      const settings = {
        program: programOf('apptainer', host) ?? 'apptainer',
        ...hostRoot(expose, host.scratch),
        userns: process.getuid?.() === 0,
        path: host.path,
        home: host.home,
      };
      return tryOut(apptainer(settings), {
        install:
          'install Apptainer (https://apptainer.org/docs/admin/main/installation.html), or use --set sandbox.use=bwrap',
        mend: 'see that "apptainer exec" works for you here (user namespaces or its setuid starter), or use --set sandbox.use=bwrap',
      });
    }
  }
}

const programOf = (name: string, {path, tools}: Host): string | undefined =>
  [...path.split(':'), tools].map((folder) => join(folder, name)).find((file) => existsSync(file));

type Remedies = {readonly install: string; readonly mend: string};

/** Starts a trivial job in the sandbox. */
async function tryOut(sandbox: Sandbox, remedies: Remedies): Promise<Sandbox | NotReady> {
  const spec = {mounts: [], workdir: '/', network: 'none', devices: []} as const;
  const [program, ...args] = sandbox.wrap(spec, ['/bin/sh', '-c', 'exit 0']);
  const env = Object.fromEntries(sandbox.carry?.own ?? []);
  const tried = await execa(program, args, {reject: false, timeout: 60_000, env});
  if (tried.exitCode === 0) return sandbox;
  const missing = tried.code === 'ENOENT';
  return {
    kind: 'not-ready',
    message: missing
      ? `${sandbox.kind} is not installed`
      : `${sandbox.kind} does not work here: ${tried.stderr.trim() || tried.shortMessage || ''}`,
    remedy: missing ? remedies.install : remedies.mend,
  };
}

/** The machine's system folders, and those that the pipeline exposes. */
function rootOf(expose: readonly string[]): RootEntry[] {
  const top = readdirSync('/').filter((name) => SYSTEM.includes(name));
  const entries = top.map((name): RootEntry => {
    const path = `/${name}`;
    return lstatSync(path).isSymbolicLink() ? {kind: 'link', path, target: readlinkSync(path)} : {kind: 'folder', path};
  });
  const resolvers = RESOLVERS.filter((path) => lstatSync(path, {throwIfNoEntry: false})?.isDirectory());
  return [...entries, ...[...resolvers, ...expose].map((path): RootEntry => ({kind: 'folder', path}))];
}

/** Folders at the root of every image; what a job is handed is mounted on some of them. */
const MOUNT_POINTS = ['dev', 'home/ptb', 'proc', 'ptb', 'run', 'sys', 'tmp', 'var/tmp', 'work'];

/**
 * The image `host`: the machine's own folders, and below `scratch` a root folder without content on which they are mounted,
 * made once for each set of links.
 */
export function hostRoot(
  expose: readonly string[],
  scratch: string,
): {readonly root: readonly RootEntry[]; readonly skeleton: string} {
  const root = rootOf(expose);
  const skeleton = join(scratch, `root-${sha256(canonical(root)).slice(0, 12)}`);
  const folders = root.flatMap((entry) => (entry.kind === 'folder' ? [entry.path] : []));
  for (const folder of [...MOUNT_POINTS, ...folders]) mkdirSync(join(skeleton, folder), {recursive: true});
  for (const entry of root) {
    if (entry.kind === 'folder') continue;
    const link = join(skeleton, entry.path);
    if (lstatSync(link, {throwIfNoEntry: false}) === undefined) symlinkSync(entry.target, link);
  }
  return {root, skeleton};
}
