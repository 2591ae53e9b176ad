import {existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import type {Argv} from '../base/argv.js';
import {canonical, sha256} from '../base/canonical.js';
import {programs} from '../executor/program.js';
import {HOST, type Image} from '../config/image.js';
import type {SandboxKind, SandboxSettings} from '../config/pipeline.js';
import {apptainer} from '../sandbox/apptainer.js';
import {bwrap} from '../sandbox/bwrap.js';
import {none} from '../sandbox/none.js';
import {podman} from '../sandbox/podman.js';
import type {RootEntry, Sandbox, SandboxSpec} from '../sandbox/sandbox.js';

/** Not ready: what is missing on this machine, and the remedy. */
export type NotReady = {readonly kind: 'not-ready'; readonly message: string; readonly remedy: string};

/** What a sandbox program is looked for and run with. */
export type Host = {
  readonly path: string;
  readonly home: string;
  /** `XDG_RUNTIME_DIR`, where rootless podman keeps what runs. */
  readonly runtime?: string;
  /** Where `npm ci` puts what the system lacks. */
  readonly tools: string;
  /** A folder for what sandboxes need on disk. */
  readonly scratch: string;
  /** Who runs ptb; absent where there are no such numbers. */
  readonly user?: {readonly uid: number; readonly gid: number};
};

/** Folders of a Linux system that programs need; homes, projects and mounted disks are not among them. */
const SYSTEM = ['bin', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'nix', 'opt', 'sbin', 'usr'];
/** Where /etc/resolv.conf leads to on many systems. */
const RESOLVERS = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager'];
/** Where the GPUs of a machine are described to containers (CDI). */
const CDI = ['/etc/cdi', '/var/run/cdi'];
/** With it, control groups are of version 2, which apptainer can limit. */
const CGROUP2 = '/sys/fs/cgroup/cgroup.controllers';

const NO_SANDBOX = 'or run without a sandbox by --set sandbox.use=none (agents then see all that you see)';
const BWRAP = 'or use --set sandbox.use=bwrap --set sandbox.image=host';

const REMEDIES: Readonly<Record<Exclude<SandboxKind, 'none'>, {readonly install: string; readonly mend: string}>> = {
  apptainer: {
    install: `install Apptainer (https://apptainer.org/docs/admin/main/installation.html), ${BWRAP}`,
    mend: `see that "apptainer exec" works for you here (user namespaces, or its setuid starter), ${BWRAP}`,
  },
  bwrap: {
    install: `install the package bubblewrap, ${NO_SANDBOX}`,
    mend: `allow unprivileged user namespaces, ${NO_SANDBOX}`,
  },
  docker: {
    install: `install Docker, ${BWRAP}`,
    mend: `see that "docker run" works for you here: the daemon runs, and you are in its group, ${BWRAP}`,
  },
  podman: {
    install: `install the package podman, ${BWRAP}`,
    mend: `see that "podman run" works for you here (/etc/subuid, user namespaces), ${BWRAP}`,
  },
};

/**
 * The sandbox that the pipeline asks for, tried out on one of the images that jobs will run in. Images of registries are
 * pulled where they are not here yet.
 */
export async function findSandbox(
  {use, expose, image}: SandboxSettings,
  host: Host,
  images: readonly Image[] = [image],
): Promise<Sandbox | NotReady> {
  if (use === 'none') return none(host.path);
  const pulled = await pull(use, host, images);
  if (pulled !== undefined) return pulled;
  const on = images.find(isGiven) ?? HOST;
  const found = await tryOut(sandboxOf(use, host, expose, false), on);
  if (found.kind === 'not-ready' || use === 'bwrap' || (use === 'apptainer' && !existsSync(CGROUP2))) return found;
  const limiting = await tryOut(sandboxOf(use, host, expose, true), on, 'strict');
  return limiting.kind === 'not-ready' ? found : limiting;
}

function sandboxOf(
  use: Exclude<SandboxKind, 'none'>,
  host: Host,
  expose: readonly string[],
  limitsMemory: boolean,
): Sandbox {
  const program = programOf(use, host) ?? use;
  if (use === 'bwrap') return bwrap(program, rootOf(expose));
  const own = [
    ['PATH', host.path],
    ['HOME', host.home],
    ...(host.runtime === undefined ? [] : [['XDG_RUNTIME_DIR', host.runtime] as const]),
  ] as const;
  const settings = {program, own, limitsMemory, ...hostRoot(expose, host.scratch)};
  if (use === 'apptainer') {
    return apptainer({...settings, userns: host.user?.uid === 0, pulled: (digest) => pulledTo(host, digest)});
  }
  const user = use === 'docker' && host.user ? {user: `${host.user.uid}:${host.user.gid}`} : {};
  return podman({...settings, kind: use, cdi: hasCdi(), ...user});
}

/** Whether the machine describes its GPUs to containers. */
export const hasCdi = (): boolean => CDI.some(describesGpus);

const describesGpus = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.includes('nvidia'));

const programOf = (name: string, {path, tools}: Host): string | undefined =>
  [...path.split(':'), tools].map((folder) => join(folder, name)).find((file) => existsSync(file));

type Given = SandboxSpec['image'];
const isGiven = (image: Image): image is Given => image.kind !== 'output';

const pulledTo = ({scratch}: Host, digest: string): string => join(scratch, `${digest.replace(':', '-')}.sif`);

type Oci = Extract<Image, {kind: 'oci'}>;

/** Images of registries that are not on this machine yet. */
export async function absentImages(use: SandboxKind, host: Host, images: readonly Image[]): Promise<Oci[]> {
  const absent: Oci[] = [];
  for (const image of images) {
    if (image.kind !== 'oci' || use === 'none') continue;
    const isHere =
      use === 'apptainer'
        ? existsSync(pulledTo(host, image.digest))
        : (await runHere([use, 'image', 'inspect', image.reference], host)).exitCode === 0;
    if (!isHere) absent.push(image);
  }
  return absent;
}

const runHere = async ([program, ...args]: Argv, {path, home}: Host) =>
  (await programs())(program, args, {reject: false, env: {PATH: path, HOME: home}});

/** Gets the images of registries that are not here yet, so that no job's time is spent on it. */
async function pull(
  use: Exclude<SandboxKind, 'none'>,
  host: Host,
  images: readonly Image[],
): Promise<NotReady | undefined> {
  for (const {reference, digest} of await absentImages(use, host, images)) {
    const file = pulledTo(host, digest);
    const aside = `${file}.${process.pid}.tmp`;
    mkdirSync(host.scratch, {recursive: true});
    const {exitCode, stderr, shortMessage} = await runHere(
      use === 'apptainer' ? [use, 'pull', aside, `docker://${reference}`] : [use, 'pull', '--quiet', reference],
      host,
    );
    if (exitCode !== 0) {
      const message = `the image ${reference} cannot be pulled: ${stderr.trim() || (shortMessage ?? '')}`;
      return {kind: 'not-ready', message, remedy: `see that "${use} pull docker://${reference}" works here`};
    }
    if (use === 'apptainer') renameSync(aside, file);
  }
  return undefined;
}

/** Starts a trivial job in the sandbox. `strict`: without a word of warning. */
async function tryOut(
  sandbox: Sandbox,
  image: Given,
  how: 'strict' | 'lenient' = 'lenient',
): Promise<Sandbox | NotReady> {
  const spec: SandboxSpec = {
    name: `ptb-try-${process.pid}`,
    image,
    mounts: [],
    workdir: '/',
    network: 'none',
    gpus: 'none',
    environment: [],
    memoryMb: 100,
    processes: 100,
  };
  const [program, ...args] = sandbox.wrap(spec, ['/bin/sh', '-c', 'exit 0']);
  const env = Object.fromEntries(sandbox.carry?.own ?? []);
  // Its stdin stays open, since a container ends with it.
  const execa = await programs();
  const tried = await execa(program, args, {reject: false, timeout: 60_000, env, stdin: 'pipe'});
  if (tried.exitCode === 0 && (how === 'lenient' || tried.stderr === '')) return sandbox;
  const missing = tried.code === 'ENOENT';
  const remedies = REMEDIES[sandbox.kind as Exclude<SandboxKind, 'none'>];
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
): {readonly root: readonly RootEntry[]; readonly exposed: readonly string[]; readonly skeleton: string} {
  const root = rootOf(expose);
  const skeleton = join(scratch, `root-${sha256(canonical(root)).slice(0, 12)}`);
  const folders = root.flatMap((entry) => (entry.kind === 'folder' ? [entry.path] : []));
  for (const folder of [...MOUNT_POINTS, ...folders]) mkdirSync(join(skeleton, folder), {recursive: true});
  for (const entry of root) {
    if (entry.kind === 'folder') continue;
    const link = join(skeleton, entry.path);
    if (lstatSync(link, {throwIfNoEntry: false}) === undefined) symlinkSync(entry.target, link);
  }
  return {root, exposed: expose, skeleton};
}
