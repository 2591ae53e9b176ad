import {appendFileSync, mkdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {sha256, type Digest} from '../base/canonical.js';
import {readText} from './write.js';

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
  let previous = GENESIS;
  return (record) => {
    const line = JSON.stringify({time: new Date().toISOString(), previous, ...record});
    appendFileSync(file, `${line}\n`);
    previous = sha256(line);
  };
}

/** Reads what was appended since the last call; a line that is still being written waits for the next. */
export function followJournal<T>(file: string): () => T[] {
  let seen = 0;
  return () => {
    const text = (readText(file) ?? '').slice(seen);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    seen += whole.length;
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  };
}
