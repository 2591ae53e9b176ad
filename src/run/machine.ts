import {existsSync, lstatSync, readdirSync, readlinkSync} from 'node:fs';
import {availableParallelism, totalmem} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {megabytes} from '../base/quantity.js';
import type {ExecutorSettings, SandboxSettings} from '../config/pipeline.js';
import type {Capacity} from '../executor/executor.js';
import {bwrap, type RootEntry} from '../sandbox/bwrap.js';
import {none} from '../sandbox/none.js';
import type {Sandbox} from '../sandbox/sandbox.js';

/** Not ready: what is missing on this machine, and the remedy. */
export type NotReady = {readonly kind: 'not-ready'; readonly message: string; readonly remedy: string};

/** Folders of a Linux system that programs need; homes, projects and mounted disks are not among them. */
const SYSTEM = ['bin', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'nix', 'opt', 'sbin', 'usr'];
/** Where /etc/resolv.conf leads to on many systems. */
const RESOLVERS = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager'];

/** The sandbox that the pipeline asks for, tried out. `tools`: where `npm ci` puts what the system lacks. */
export async function findSandbox(
  {use, expose}: SandboxSettings,
  path: string,
  tools: string,
): Promise<Sandbox | NotReady> {
  switch (use) {
    case 'none':
      return none(path);
    case 'bwrap':
      return tryBwrap(expose, path, tools);
    case 'apptainer':
      return {
        kind: 'not-ready',
        message: 'sandbox "apptainer" is not in this version',
        remedy: 'use --set sandbox.use=bwrap',
      };
  }
}

async function tryBwrap(expose: readonly string[], path: string, tools: string): Promise<Sandbox | NotReady> {
  const program = [...path.split(':'), tools].map((folder) => join(folder, 'bwrap')).find((file) => existsSync(file));
  const sandbox = bwrap(program ?? 'bwrap', [
    ...systemFolders(),
    ...expose.map((folder): RootEntry => ({kind: 'folder', path: folder})),
  ]);
  const spec = {mounts: [], workdir: '/', network: 'none', devices: []} as const;
  const [bin, ...args] = sandbox.wrap(spec, ['/bin/sh', '-c', 'exit 0']);
  const tried = await execa(bin, args, {reject: false, timeout: 10_000});
  if (tried.exitCode === 0) return sandbox;
  const missing = tried.code === 'ENOENT';
  return {
    kind: 'not-ready',
    message: missing
      ? 'bwrap (bubblewrap) is not installed'
      : `bwrap does not work here: ${tried.stderr.trim() || tried.shortMessage || ''}`,
    remedy: missing
      ? 'install the package bubblewrap, or run without a sandbox by --set sandbox.use=none (agents then see all that you see)'
      : 'allow unprivileged user namespaces, or run without a sandbox by --set sandbox.use=none (agents then see all that you see)',
  };
}

function systemFolders(): RootEntry[] {
  const top = readdirSync('/').filter((name) => SYSTEM.includes(name));
  const entries = top.map((name): RootEntry => {
    const path = `/${name}`;
    return lstatSync(path).isSymbolicLink() ? {kind: 'link', path, target: readlinkSync(path)} : {kind: 'folder', path};
  });
  const resolvers = RESOLVERS.filter((path) => lstatSync(path, {throwIfNoEntry: false})?.isDirectory());
  return [...entries, ...resolvers.map((path): RootEntry => ({kind: 'folder', path}))];
}

export type Gpu = {readonly uuid: string; readonly name: string};

/** The GPUs that nvidia-smi lists; none where there is no nvidia-smi. */
export async function findGpus(): Promise<Gpu[]> {
  const asked = await execa('nvidia-smi', ['--query-gpu=uuid,name', '--format=csv,noheader'], {
    reject: false,
    timeout: 30_000,
  });
  if (asked.exitCode !== 0) return [];
  return asked.stdout.split('\n').flatMap((line) => {
    const [uuid, name] = line.split(', ');
    return uuid && name ? [{uuid, name}] : [];
  });
}

/** Device files through which a sandboxed job reaches the GPUs that it was given. */
export const gpuDevices = (): string[] =>
  readdirSync('/dev')
    .filter((name) => /^nvidia/.test(name))
    .map((name) => `/dev/${name}`);

/** What `local` may use at once: as the pipeline says, else all of this machine. */
export const capacityOf = (settings: ExecutorSettings, gpus: readonly Gpu[]): Capacity => ({
  cpus: settings.cpus ?? availableParallelism(),
  memoryMb: (settings.memory === undefined ? undefined : megabytes(settings.memory)) ?? Math.floor(totalmem() / 1e6),
  gpus: Math.min(settings.gpus ?? gpus.length, gpus.length),
});
