import {existsSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Outcome} from '../base/outcome.js';
import {fits} from '../base/fits.js';
import {isObject} from '../base/json.js';
import type {FailureClass} from '../config/stage.js';
import type {Bill} from '../plan/bill.js';
import type {KeyDoc, StepKey} from '../plan/key.js';
import type {StepId} from '../graph/step.js';
import {attemptPaths} from './paths.js';
import {readResult, type Seconds} from './result.js';
import {FAILURE, JOB} from './shapes.js';
import {jsonText, list, readJson, writeJson} from './write.js';

/** `job.json`: written before submission; without it an attempt never began. */
export type JobRecord = {
  readonly version: 1;
  readonly name: string;
  readonly step: StepId;
  /** Absent in attempts of earlier versions. */
  readonly pipeline?: string;
  readonly key: StepKey;
  readonly doc: KeyDoc;
  readonly attempt: number;
  readonly sandbox: string;
  readonly executor: string;
  /** What it holds while it runs; absent in attempts of earlier versions. */
  readonly resources?: {readonly gpus: number; readonly cpus: number; readonly memoryMb: number};
  /** What its bill is made of; absent in attempts of earlier versions. */
  readonly terms?: Terms;
  /** Named limits of which it holds a token each while it runs. */
  readonly uses?: readonly string[];
  /** Between TERM and KILL. */
  readonly graceSeconds: number;
  /** ISO 8601, UTC. */
  readonly made: string;
};

export type Terms = {
  /** Seconds that its run script may take; null for no limit. */
  readonly limit: number | null;
  /** US dollars for a GPU and an hour on the day that it was made; null where there was no price. */
  readonly gpuHourUsd: number | null;
  /** Where it says what its API calls cost; null where its stage declares none. */
  readonly usage: string | null;
  /** Its API calls cost nothing, whatever it says or does not say. */
  readonly callsNone: boolean;
};

/** `failed.json`: an attempt that was settled and did not count. */
export type FailureRecord = {
  readonly version: 1;
  readonly class: FailureClass;
  readonly because: string;
  readonly outcome: Outcome;
  /** The last lines that the attempt wrote. */
  readonly evidence: readonly string[];
  readonly ended: string;
  /** Absent where its job left no record of its end. */
  readonly seconds?: Seconds;
  /** Absent in attempts of earlier versions. */
  readonly bill?: Bill;
};

/** What an attempt's folder says about how far it came. */
export type Found =
  | {readonly kind: 'failed'; readonly attempt: number; readonly dir: string; readonly record: FailureRecord}
  | {readonly kind: 'unsettled'; readonly attempt: number; readonly dir: string; readonly job: JobRecord}
  /** A whole `result.json` is there: only the rename is missing. */
  | {readonly kind: 'ready'; readonly attempt: number; readonly dir: string};

/** The attempts in attempts/<stage>/<cell>-<key12>, oldest first; with `key`, those under just that one. */
export function findAttempts(folder: string, key?: StepKey): Found[] {
  return numbersIn(list(folder)).flatMap((attempt): Found[] => {
    const paths = attemptPaths(join(folder, String(attempt)));
    if (readResult(paths.dir) !== undefined) return [{kind: 'ready', attempt, dir: paths.dir}];
    const failed = readJson(paths.failed);
    if (isObject(failed) && failed.version === 1 && fits(failed, FAILURE)) {
      return [{kind: 'failed', attempt, dir: paths.dir, record: failed as unknown as FailureRecord}];
    }
    const job = readJob(paths.dir);
    if (job === undefined || (key !== undefined && job.key !== key)) return [];
    return [{kind: 'unsettled', attempt, dir: paths.dir, job}];
  });
}

export type Unsettled = Extract<Found, {kind: 'unsettled'}>;

/** All attempts that did not come to their end in the books, whatever pipeline and whatever key they were made for. */
export const openAttempts = (attempts: string): Exclude<Found, {kind: 'failed'}>[] =>
  list(attempts).flatMap((stage) =>
    list(join(attempts, stage)).flatMap((folder) =>
      findAttempts(join(attempts, stage, folder)).flatMap((found) => (found.kind === 'failed' ? [] : [found])),
    ),
  );

export const unsettledAttempts = (attempts: string): Unsettled[] =>
  openAttempts(attempts).flatMap((found) => (found.kind === 'unsettled' ? [found] : []));

const numbersIn = (names: readonly string[]): number[] =>
  names
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

/** A fresh attempt's folder. Numbers are never used twice; one that never began is discarded. */
export function makeAttempt(folder: string, after: number): {readonly attempt: number; readonly dir: string} {
  const names = list(folder);
  const numbers = numbersIn(names);
  for (const number of numbers) {
    const paths = attemptPaths(join(folder, String(number)));
    if (!existsSync(paths.job) && !existsSync(paths.result) && !existsSync(paths.failed)) {
      rmSync(paths.dir, {recursive: true, force: true});
    }
  }
  const attempt = Math.max(after, ...numbers, ...replaced(names)) + 1;
  const paths = attemptPaths(join(folder, String(attempt)));
  mkdirSync(paths.dir, {recursive: true});
  const parts = [paths.claimed, paths.work, paths.made, paths.home, paths.tmp];
  for (const part of parts) mkdirSync(part);
  return {attempt, dir: paths.dir};
}

const replaced = (names: readonly string[]): number[] =>
  names.flatMap((name) => (/^(\d+)\.replaces-(\d+)$/.exec(name) ?? []).slice(1).map(Number));

/** Undefined for a folder whose attempt never began. */
export function readJob(dir: string): JobRecord | undefined {
  const job = readJson(attemptPaths(dir).job);
  return isObject(job) && job.version === 1 && fits(job, JOB) ? (job as unknown as JobRecord) : undefined;
}

/** Not to the disk: a machine that loses its power loses the job too, and a network file system has it when it is closed. */
export function writeJob(dir: string, record: JobRecord): void {
  const {job} = attemptPaths(dir);
  writeFileSync(`${job}.tmp`, jsonText(record));
  renameSync(`${job}.tmp`, job);
}

export const writeFailure = (dir: string, record: FailureRecord & {readonly bill: Bill}): void =>
  writeJson(attemptPaths(dir).failed, record);
