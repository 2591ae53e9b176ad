import {lstatSync, readFileSync} from 'node:fs';
import {chmod, lstat, readdir, readFile, readlink, unlink} from 'node:fs/promises';
import {sep} from 'node:path';
import {byCodeUnit, sha256, type Digest} from '../base/canonical.js';
import {digestLarge} from './digest-large.js';

/** Relative path (`""` is the root) to kind, executable bit and content digest. Names may hold anything. */
export type Manifest = {readonly [path: string]: string};

export type Digested = {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly files: number;
  readonly bytes: number;
  /** Sockets, pipes, devices and files that are nearly all hole, removed: nothing downstream can take them. */
  readonly removed: readonly string[];
};

/** Files of one folder that are looked at side by side: nearly all the time is waiting for the disk. */
const AT_ONCE = 16;

/** Read at once below this size; above, a thread takes it. */
const SMALL = 4 << 20;

/**
 * The content digest of a file or a tree: SHA-256 over one line per entry (kind, executable bit, content digest, path),
 * sorted by path. Links count by their target and are never followed. Modification times and owners do not count. With
 * `remove`, what a script closed to its own owner is opened.
 */
export async function digestTree(path: string, special: 'remove' | 'keep' = 'remove'): Promise<Digested> {
  const alone = smallFile(path);
  if (alone) return alone;
  const lines: [path: string, line: string][] = [];
  const removed: string[] = [];
  let files = 0;
  let bytes = 0;

  const visit = async (at: Buffer, name: string): Promise<void> => {
    const stat = await lstat(at);
    if (stat.isSymbolicLink()) {
      lines.push([name, `link - ${sha256(await readlink(at, 'buffer'))}`]);
    } else if (stat.isDirectory()) {
      lines.push([name, 'folder - -']);
      if (special === 'remove' && (stat.mode & 0o700) !== 0o700) await chmod(at, stat.mode | 0o700);
      const entries = await readdir(at, {encoding: 'buffer', withFileTypes: true});
      const visitEntry = (entry: Buffer): Promise<void> =>
        visit(Buffer.concat([at, SEPARATOR, entry]), `${name}/${textOf(entry)}`);
      for (const entry of entries) if (entry.isDirectory()) await visitEntry(entry.name);
      const others = entries.filter((entry) => !entry.isDirectory());
      for (let n = 0; n < others.length; n += AT_ONCE) {
        await Promise.all(others.slice(n, n + AT_ONCE).map((entry) => visitEntry(entry.name)));
      }
    } else if (stat.isFile() && !(special === 'remove' && isHole(stat))) {
      files++;
      bytes += stat.size;
      if (special === 'remove' && (stat.mode & 0o400) === 0) await chmod(at, stat.mode | 0o400);
      lines.push([name, lineOf(stat.mode, await digestFile(at, stat.size))]);
    } else {
      removed.push(name);
      if (special === 'remove') await unlink(at);
      else lines.push([name, 'special - -']);
    }
  };
  await visit(Buffer.from(path), '');
  removed.sort(byCodeUnit);
  lines.sort(([a], [b]) => byCodeUnit(a, b));
  return {digest: digestOf(lines), manifest: Object.fromEntries(lines), files, bytes, removed};
}

/** Below this size a file that is an output by itself is read at once: the way to a thread and back takes longer. */
const TINY = 64 << 10;

function smallFile(path: string): Digested | undefined {
  const stat = lstatSync(path);
  if (!stat.isFile() || stat.size > TINY || (stat.mode & 0o400) === 0) return undefined;
  const content = readFileSync(path);
  const line = lineOf(stat.mode, sha256(content));
  return {digest: digestOf([['', line]]), manifest: {'': line}, files: 1, bytes: content.length, removed: []};
}

const lineOf = (mode: number, digest: Digest): string => `file ${mode & 0o100 ? 'x' : '-'} ${digest}`;

/** A name may hold a newline, so it stands as JSON. */
const digestOf = (lines: readonly (readonly [path: string, line: string])[]): Digest =>
  sha256(lines.map(([name, line]) => `${line} ${JSON.stringify(name)}\n`).join(''));

/**
 * No disk holds what such a file claims, and reading its zeros would take hours. The bound lies far above any file that a
 * script leaves; a file system that compresses may show a tenth.
 */
const isHole = ({size, blocks}: {readonly size: number; readonly blocks: number}): boolean =>
  size > 256e9 && blocks * 512 < size / 100;

const SEPARATOR = Buffer.from(sep);

/** A name as it is read, or its bytes in hex where they are no UTF-8; the NUL, which no name holds, keeps the two apart. */
function textOf(name: Buffer): string {
  const text = name.toString('utf8');
  return Buffer.from(text).equals(name) ? text : `\0${name.toString('hex')}`;
}

async function digestFile(file: Buffer, size: number): Promise<Digest> {
  return size < SMALL ? sha256(await readFile(file)) : digestLarge(file);
}
