import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import type {SyncAdapter} from 'lowdb';
import type {Digest} from '../base/canonical.js';
import {fits} from '../base/fits.js';
import {isObject, parseJson, type Json} from '../base/json.js';
import type {StepId} from '../graph/step.js';
import type {Bill} from '../plan/bill.js';
import type {StepKey} from '../plan/key.js';
import {BILL} from './shapes.js';
import {isFile} from './write.js';

/** What the ledger keeps of a result: enough to plan and to score without opening it. */
export type Entry = {
  readonly step: StepId;
  readonly pipeline?: string;
  readonly key: StepKey;
  readonly outputs: {readonly [output: string]: Digest};
  readonly attempt: number;
  /** Wall seconds of the run script. */
  readonly seconds: number;
  readonly ended: string;
  readonly sandbox: string;
  /** Where it cost GPU time or money. */
  readonly bill?: Bill;
  /** Inode and time of its `result.json`: another result in the same folder has another. */
  readonly mark?: string;
};

/** Offset of an entry's first byte. */
export type Line = number;

export type StageEntries = {
  /**
   * Of results/<stage>: it changes whenever a result appears or goes, so a stale ledger shows. Empty where it was so young when
   * it was read that a further change could have left it the same.
   */
  readonly mtimeNs: string;
  /** By folder. */
  readonly results: Map<string, Entry | Line>;
};

/** `bytes` are what was read: the lines' offsets lie in there. */
export type LedgerData = {readonly bytes: Buffer; readonly stages: Map<string, StageEntries>};

/**
 * lowdb's adapter for a ledger. The file is one JSON document, laid out in lines so that an entry can be read without the others:
 *
 *     {"version":2,"stages":{
 *     "fetch":{"mtimeNs":"1795298034564737357","count":2,"results":{
 *     "small-9e0f4c3a1b2d":{"key":"9e0f…","outputs":{…},…},
 *     "large-41aa0b7c6d5e":{"key":"41aa…","outputs":{…},…}
 *     }}
 *     }}
 *
 * Until it is asked for an entry is its line, not objects: 100 000 of them would take more memory than all the rest.
 */
export class LedgerFile implements SyncAdapter<LedgerData> {
  constructor(private readonly file: string) {}

  /** Null when the file is not there, or is not whole. What a line holds shows when it is read. */
  read(): LedgerData | null {
    return isFile(this.file) ? parseLines(readFileSync(this.file)) : null;
  }

  /** Writes aside, then renames. Not to the disk: what a loss of power leaves of it is not whole, or whole. */
  write(data: LedgerData): void {
    const aside = `${this.file}.${process.pid}.tmp`;
    writeFileSync(aside, textOfAll(data));
    renameSync(aside, this.file);
  }
}

const HEAD = '{"version":2,"stages":{';
const STAGE = /^("(?:[^"\\]|\\.)*"):\{"mtimeNs":"(\d*)","count":(\d+),"results":\{$/;
const END = '}}';
/** Inside of a JSON text a quote has a backslash before it, so a folder's name ends here. */
const BETWEEN = '":{"key":"';
const NEWLINE = 10;
const BRACE = 125;

function parseLines(bytes: Buffer): LedgerData | null {
  const stages = new Map<string, StageEntries>();
  let results: Map<string, Entry | Line> | undefined;
  let count = 0;
  let at = 0;
  const lineAt = (end: number): string => bytes.toString('utf8', at, end);
  for (let end = bytes.indexOf(NEWLINE); end >= 0; at = end + 1, end = bytes.indexOf(NEWLINE, at)) {
    if (at === 0) {
      if (lineAt(end) !== HEAD) return null;
    } else if (results === undefined) {
      if (bytes[at] === BRACE) return lineAt(end) === END && end === bytes.length - 1 ? {bytes, stages} : null;
      const [, name, mtimeNs, promised] = STAGE.exec(lineAt(end)) ?? [];
      const stage = parseJson(name ?? '');
      if (typeof stage !== 'string') return null;
      count = Number(promised);
      results = new Map();
      stages.set(stage, {mtimeNs: mtimeNs!, results});
    } else if (bytes[at] === BRACE) {
      // A result that is not listed would count as one that never was.
      if (results.size !== count) return null;
      results = undefined;
    } else {
      const colon = bytes.indexOf(BETWEEN, at);
      if (colon < 0 || colon > end) return null;
      const name = bytes.toString('utf8', at + 1, colon);
      const folder = name.includes('\\') ? parseJson(`"${name}"`) : name;
      if (typeof folder !== 'string') return null;
      results.set(folder, colon + 2);
    }
  }
  return null;
}

/** Undefined for a line that is damaged. */
export function entryAt(bytes: Buffer, line: Line): Entry | undefined {
  const entry = parseJson(textAt(bytes, line));
  return isEntry(entry) ? (entry as unknown as Entry) : undefined;
}

/** By its fields one by one, not by a shape: there may be 100 000. */
const isEntry = (entry: Json | undefined): boolean =>
  isObject(entry) &&
  typeof entry.step === 'string' &&
  typeof entry.key === 'string' &&
  typeof entry.ended === 'string' &&
  typeof entry.sandbox === 'string' &&
  typeof entry.attempt === 'number' &&
  typeof entry.seconds === 'number' &&
  (entry.pipeline === undefined || typeof entry.pipeline === 'string') &&
  isObject(entry.outputs) &&
  (entry.bill === undefined || fits(entry.bill, BILL));

function textAt(bytes: Buffer, line: Line): string {
  const end = bytes.indexOf(NEWLINE, line);
  return bytes.toString('utf8', line, bytes[end - 1] === BRACE ? end : end - 1);
}

function textOfAll({bytes, stages}: LedgerData): string {
  const texts = [HEAD];
  let before = '\n';
  for (const [stage, {mtimeNs, results}] of stages) {
    texts.push(before, `${JSON.stringify(stage)}:{"mtimeNs":"${mtimeNs}","count":${results.size},"results":{`);
    before = '\n';
    for (const [folder, entry] of results) {
      texts.push(before, JSON.stringify(folder), ':', typeof entry === 'number' ? textAt(bytes, entry) : textOf(entry));
      before = ',\n';
    }
    texts.push('\n}}');
    before = ',\n';
  }
  texts.push('\n}}\n');
  return texts.join('');
}

/** The key stands first, where a name's end is looked for. */
const textOf = ({key, outputs, ...rest}: Entry): string => JSON.stringify({key, outputs, ...rest});
