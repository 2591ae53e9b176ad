import {appendFileSync, closeSync, mkdirSync, openSync, readSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {sha256, type Digest} from '../base/canonical.js';
import {isFile} from './write.js';

/** Digest of the record before a journal's first. */
export const GENESIS = '0'.repeat(64) as Digest;

/** `journal/<time>-<pid>.jsonl`: one run's events. */
export const journalFile = (dir: string, started: Date): string =>
  join(dir, `${started.toISOString().replaceAll(':', '-')}-${process.pid}.jsonl`);

/**
 * Appends the events of one run. A hash chain: each line carries the SHA-256 of the line before it (without its newline),
 * so an edit of an earlier line shows in every later one.
 */
export function openJournal(file: string): (record: object) => void {
  mkdirSync(dirname(file), {recursive: true});
  const handle = openSync(file, 'a');
  let previous = GENESIS;
  return (record) => {
    const line = JSON.stringify({time: new Date().toISOString(), previous, ...record});
    appendFileSync(handle, `${line}\n`);
    previous = sha256(line);
  };
}

const BLOCK = 1 << 16;

/** Reads what was appended since the last call; a line that is still being written waits for the next. */
export function followJournal<T>(file: string): () => T[] {
  let seen = 0;
  return () => {
    const whole = newLines(file, seen);
    seen += whole.length;
    return whole
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  };
}

/** The whole lines behind the first `from` bytes. */
function newLines(file: string, from: number): Buffer {
  if (!isFile(file)) return Buffer.alloc(0);
  const handle = openSync(file, 'r');
  try {
    const parts: Buffer[] = [];
    for (let at = from; ;) {
      const block = Buffer.allocUnsafe(BLOCK);
      const count = readSync(handle, block, 0, BLOCK, at);
      if (count === 0) break;
      parts.push(block.subarray(0, count));
      at += count;
    }
    const text = Buffer.concat(parts);
    return text.subarray(0, text.lastIndexOf(10) + 1);
  } finally {
    closeSync(handle);
  }
}
