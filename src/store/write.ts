import {
  closeSync,
  fsync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import {promisify} from 'node:util';
import {byCodeUnit} from '../base/canonical.js';
import type {Json} from '../base/json.js';

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

/** Undefined when the file is not there or does not hold whole JSON. */
export function readJson(file: string): Json | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined when the file is not there, or is no file: a script may leave a pipe, and reading one waits for ever. */
export function readText(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return undefined;
    return readFileSync(file, 'utf8');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
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
