import {appendFileSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {sha256, type Digest} from '../base/canonical.js';

/** Digest of the record before a journal's first. */
const GENESIS = '0'.repeat(64) as Digest;

/**
 * Appends the events of one run to `journal/<time>.jsonl`. A hash chain: each line carries the SHA-256 of the line before
 * it (without its newline), so an edit of an earlier line shows in every later one.
 */
export function openJournal(dir: string, started: Date): (record: object) => void {
  mkdirSync(dir, {recursive: true});
  const file = join(dir, `${started.toISOString().replaceAll(':', '-')}.jsonl`);
  let previous = GENESIS;
  return (record) => {
    const line = JSON.stringify({time: new Date().toISOString(), previous, ...record});
    appendFileSync(file, `${line}\n`);
    previous = sha256(line);
  };
}
