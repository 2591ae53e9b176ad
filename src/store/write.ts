import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import {join, sep} from 'node:path';
import {promisify} from 'node:util';
import {byCodeUnit} from '../base/canonical.js';
import {parseJson, type Json} from '../base/json.js';

/** Writes aside, to the disk, then renames: a reader sees the old text or the new one, never a part. */
export function writeWhole(file: string, text: string): void {
  const aside = `${file}.${process.pid}.tmp`;
  const handle = openSync(aside, 'w');
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(aside, file);
}

export const writeJson = (file: string, value: unknown): void => writeWhole(file, jsonText(value));

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const toDisk = promisify(fsync);

/** Writes a file of its own to the disk; nothing else waits for the disk. Who reads it early may see a part. */
export async function writeThrough(file: string, text: string): Promise<void> {
  const handle = openSync(file, 'w');
  try {
    writeSync(handle, text);
    await toDisk(handle);
  } finally {
    closeSync(handle);
  }
}

/** Far above any record; a job may leave anything under the name of one. In bytes. */
const LARGEST_RECORD = 64 << 20;

/** Also of a link to one. False for whatever else stands there, or cannot be looked at. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Undefined when the file is not there, does not hold whole JSON, or holds more than any record does. */
export function readJson(file: string): Json | undefined {
  const text = readText(file, LARGEST_RECORD);
  return text === undefined ? undefined : parseJson(text);
}

/** Whose absence says as much as its damage: links in a ring, a name that no file can have. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];

/**
 * Undefined when the file is not there, is larger than `most` bytes, or is no file: a script may leave a pipe, and reading one
 * waits for ever.
 */
export function readText(file: string, most = Infinity): string | undefined {
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > most) return undefined;
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (NOT_THERE.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Far above what a job says of itself. In bytes. */
const LARGEST_WORD = 1 << 20;

/**
 * What a job left at a path below `root`; undefined where that cannot be read, is larger than 1 MiB, or is a link that leads out
 * of the folder: what it led to would be another's.
 */
export function readLeft(root: string, path: string): Json | undefined {
  const named = join(root, path);
  // Most leave nothing, and to be told so by an error takes longer than all the rest.
  if (!existsSync(named)) return undefined;
  try {
    const file = realpathSync(named);
    return file.startsWith(realpathSync(root) + sep) ? parseJson(readText(file, LARGEST_WORD) ?? '') : undefined;
  } catch {
    return undefined; // closed to its own owner, or whatever else a job can do to a path
  }
}

/** The names in a folder, in code-unit order; none when it is not there. */
export function list(dir: string): string[] {
  try {
    return readdirSync(dir).sort(byCodeUnit);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
