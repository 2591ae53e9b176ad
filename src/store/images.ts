import {createHash} from 'node:crypto';
import {closeSync, mkdirSync, openSync, readSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Digest} from '../base/canonical.js';
import {isObject} from '../base/json.js';
import {readJson, writeJson} from './write.js';

/** Read at once: small enough for a processor's own cache. */
const CHUNK = 64 << 10;

/**
 * Digests of image files, which are too large to be read each time: one is taken again when size, time or inode of the file
 * has changed. Kept in `images.json` of a folder that may be deleted.
 */
export class ImageDigests {
  readonly #file: string;
  #known: Record<string, unknown> | undefined;

  constructor(folder: string) {
    this.#file = join(folder, 'images.json');
  }

  of(path: string): Digest {
    const {size, mtimeMs, ctimeMs, ino} = statSync(path);
    const stamp = [size, mtimeMs, ctimeMs, ino].join(' ');
    const stored = readJson(this.#file);
    this.#known ??= isObject(stored) ? {...stored} : {};
    const known = this.#known[path];
    if (Array.isArray(known) && known[0] === stamp && typeof known[1] === 'string') return known[1] as Digest;
    const digest = digestOf(path);
    this.#known[path] = [stamp, digest];
    mkdirSync(dirname(this.#file), {recursive: true});
    writeJson(this.#file, this.#known);
    return digest;
  }
}

function digestOf(path: string): Digest {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  const file = openSync(path, 'r');
  try {
    for (let read; (read = readSync(file, buffer)) > 0;) hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex') as Digest;
}
