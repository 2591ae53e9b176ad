import {createHash} from 'node:crypto';
import {cpSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parse} from 'yaml';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** A value for each secret of each agent, of the judge and of the model hub, like no other text on the machine. */
export function canaries(): Readonly<Record<string, string>> {
  const names = new Set(['HF_TOKEN', ...secretsOf('pipeline.yaml').map(String)]);
  for (const agent of readdirSync(join(REPOSITORY, 'agents')))
    if (existsSync(join(REPOSITORY, 'agents', agent, 'agent.yaml')))
      for (const name of secretsOf(join('agents', agent, 'agent.yaml'))) names.add(name);
  return Object.fromEntries(
    [...names].sort().map((name) => {
      const value = `sk-canary-${createHash('sha256').update(`${name}${process.pid}`).digest('base64')}?/+`;
      return [name, name.endsWith('_JSON') ? JSON.stringify({tokens: {access_token: value}}, null, 2) : value];
    }),
  );
}

type Document = {secrets?: string[]; judge?: {secrets?: string[]}};
function secretsOf(file: string): readonly string[] {
  const document = parse(readFileSync(join(REPOSITORY, file), 'utf8')) as Document;
  return document.secrets ?? document.judge?.secrets ?? [];
}

/** Puts the leaking agent into a copy of the project. */
export function addLeaker(project: string, names: readonly string[]): void {
  const folder = join(project, 'agents/stand-in-leaker');
  cpSync(join(REPOSITORY, 'test/canaries/stand-in-leaker'), folder, {recursive: true});
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}secrets: [${names.join(', ')}]\n`);
}

/** What none may find of a secret: a piece from its middle, as it is and as every encoder leaves it. */
export function pieces(secrets: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, secret] of Object.entries(secrets)) {
    const value = /sk-canary-[^"]*/.exec(secret)![0];
    const middle = value.slice(8, -4);
    found.set(middle, `${name} as it is`);
    found.set(encodeURIComponent(middle), `${name} url-encoded`);
    found.set(Buffer.from(middle).toString('hex'), `${name} in hexadecimal`);
    for (const before of [0, 1, 2])
      for (const encoding of ['base64', 'base64url'] as const)
        // What stands at the ends of a base64 text depends on its neighbours.
        found.set(
          Buffer.from(`${'.'.repeat(before)}${value}..`)
            .toString(encoding)
            .slice(8, -8),
          `${name} in ${encoding} after ${before} bytes`,
        );
  }
  return found;
}

/** The first piece that a text has, line ends left out, as they are written in JSON too. */
export function pieceIn(text: Buffer | string, all: ReadonlyMap<string, string>): string | undefined {
  const latin = typeof text === 'string' ? text : text.toString('latin1');
  const flat = latin.replaceAll(/[\r\n]|\\+n/g, '');
  for (const [piece, what] of all) if (flat.includes(piece)) return what;
  return undefined;
}

/** Files below a folder that have a piece, in their text, their name or what they point to, each with what it has. */
export function findPieces(root: string, all: ReadonlyMap<string, string>): string[] {
  return readdirSync(root, {withFileTypes: true}).flatMap((entry): string[] => {
    const path = join(root, entry.name);
    if (entry.name === 'node_modules') return [];
    const texts = [
      entry.name,
      ...(entry.isSymbolicLink() ? [readlinkSync(path)] : []),
      ...(entry.isFile() ? parts(path) : []),
    ];
    const here = texts.flatMap((text) => pieceIn(text, all) ?? []).map((what) => `${path}: ${what}`);
    return [...here, ...(entry.isDirectory() ? findPieces(path, all) : [])];
  });
}

const LARGEST = 64 << 20;

function parts(path: string): Buffer[] {
  if (lstatSync(path).size > LARGEST) return [];
  try {
    return [readFileSync(path)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // a lock that is gone meanwhile
    throw error;
  }
}

/**
 * Looks at all processes of the machine until it is stopped: at their arguments, where no piece may stand, and at the environments of
 * those that are not of the project, its jobs or `own`.
 */
export function watchProcesses(project: string, all: ReadonlyMap<string, string>, own: () => readonly number[]) {
  const seen = new Set<string>();
  let looks = 0;
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch {
      return Buffer.alloc(0); // ended meanwhile
    }
  };
  const parentOf = (pid: string): string =>
    read(`/proc/${pid}/stat`).toString('latin1').split(') ').at(-1)!.split(' ')[1] ?? '1';
  const isOurs = (pid: string): boolean => {
    for (let one = pid; one !== '1' && one !== '0'; one = parentOf(one))
      if (own().includes(Number(one)) || Number(one) === process.pid) return true;
    const environment = read(`/proc/${pid}/environ`).toString('latin1');
    if (environment.includes('PTB_STEP=') || environment.includes('PTB_CLEAN=')) return true;
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(project);
    } catch {
      return true;
    }
  };
  const timer = setInterval(() => {
    looks++;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const inArguments = pieceIn(read(`/proc/${pid}/cmdline`), all);
      if (inArguments) seen.add(`arguments of a process: ${inArguments}`);
      const environment = pieceIn(read(`/proc/${pid}/environ`), all);
      if (environment && !isOurs(pid))
        seen.add(`environment of ${read(`/proc/${pid}/cmdline`).toString().replaceAll('\0', ' ')}: ${environment}`);
    }
  }, 100);
  return {
    stop: (): {readonly looks: number; readonly seen: readonly string[]} => {
      clearInterval(timer);
      return {looks, seen: [...seen]};
    },
  };
}
