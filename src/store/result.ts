import {mkdirSync, renameSync, rmdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Digest} from '../base/canonical.js';
import type {Outcome} from '../base/outcome.js';
import {fits} from '../base/fits.js';
import {isObject} from '../base/json.js';
import type {Redacted} from '../executor/exit-record.js';
import type {Bill} from '../plan/bill.js';
import type {KeyDoc, StepKey} from '../plan/key.js';
import type {StepId} from '../graph/step.js';
import {RESULT} from './shapes.js';
import {readJson, writeThrough} from './write.js';

/** Times of an attempt in seconds, by a clock that nobody sets. What its GPUs did stands in its bill. */
export type Seconds = {
  /** Wall time from the start of `prepare` to the end. */
  readonly total: number;
  /** Active time: that of the run script, which is what a budget limits. */
  readonly run: number;
  /** From the making of the attempt to its start, in a queue or waiting for a slot; absent in results of earlier versions. */
  readonly queued?: number;
};

/** What was committed: `result.json`. */
export type ResultRecord = {
  readonly version: 1;
  readonly step: StepId;
  /** Name of the pipeline that it was made for; absent in results of earlier versions. */
  readonly pipeline?: string;
  readonly key: StepKey;
  readonly doc: KeyDoc;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly outputs: {readonly [output: string]: OutputRecord};
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ended: string;
  readonly seconds: Seconds;
  readonly memoryMb: number | null;
  /** UUIDs of the GPUs that it had; absent where it had none. What they did stands in `telemetry.jsonl` beside this record. */
  readonly gpus?: readonly string[];
  readonly redacted?: Redacted;
  readonly host: string;
  readonly sandbox: string;
  readonly executor: string;
  /** Absent where it had no GPU, no time limit and no API call, and in results of earlier versions. */
  readonly bill?: Bill;
};

export type OutputRecord = {
  readonly digest: Digest;
  readonly files: number;
  readonly bytes: number;
  readonly removed?: readonly string[];
};

/** Content digest of each output. */
export const digestsOf = ({outputs}: Pick<ResultRecord, 'outputs'>): {readonly [output: string]: Digest} =>
  Object.fromEntries(Object.entries(outputs).map(([name, {digest}]) => [name, digest]));

/** A whole record of version 1, or undefined. */
export function readResult(dir: string): ResultRecord | undefined {
  const value = readJson(join(dir, 'result.json'));
  return isObject(value) && value.version === 1 && fits(value, RESULT) ? (value as unknown as ResultRecord) : undefined;
}

/** Says of an attempt's folder that it is whole. From now on only the rename is missing. */
export const seal = (attemptDir: string, record: ResultRecord): Promise<void> =>
  writeThrough(join(attemptDir, 'result.json'), `${JSON.stringify(record)}\n`);

/**
 * Publishes a sealed attempt by one rename, so a visible result is whole. A result that stands there already, of a
 * step that was run again on purpose, first steps back among the attempts: evidence is never overwritten.
 */
export function publish(attemptDir: string, resultDir: string): void {
  mkdirSync(dirname(resultDir), {recursive: true});
  try {
    renameSync(attemptDir, resultDir);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    const earlier = readResult(resultDir)?.attempt ?? 0;
    renameSync(resultDir, `${attemptDir}.replaces-${earlier}`);
    renameSync(attemptDir, resultDir);
  }
}

/** Removes the folder of a step's attempts where the last of them became its result. */
export function dropEmpty(attempts: string): void {
  try {
    rmdirSync(attempts);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
