import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {isObject} from '../base/json.js';
import type {Outcome} from '../base/outcome.js';
import {unreachable} from '../base/unreachable.js';
import {sha256} from '../base/canonical.js';
import {outcomeOf, parseExitRecord, timesOf, type ExitRecord} from '../executor/exit-record.js';
import type {Job, JobName, Report} from '../executor/executor.js';
import type {FailureClass} from '../config/stage.js';
import type {Step} from '../graph/step.js';
import {isFree, type Bill} from '../plan/bill.js';
import {declaredIn, type KeyDoc, type StepKey} from '../plan/key.js';
import {makeAttempt, writeFailure, writeJob, type JobRecord} from '../store/attempt.js';
import {collect, dropSecrets, dropWork} from '../store/collect.js';
import type {ProjectFiles} from '../store/files.js';
import {attemptPaths, folderOf, type Runs} from '../store/paths.js';
import type {ResultRecord, Seconds} from '../store/result.js';
import {isFile, readJson, readLeft, readText, writeJson} from '../store/write.js';
import {billOf, noBill} from './bill.js';
import {compose, type Input, type Machine} from './compose.js';
import {usedBy} from './schedule.js';
import {classify, turnedAway, type Failure, type TurnedAway} from './settle.js';

/** An attempt under way: what its `job.json` says, and where it lies. */
export type Attempt = {readonly record: JobRecord; readonly dir: string; readonly job: Job};

export type Context = {
  /** Name of the pipeline. */
  readonly pipeline: string;
  readonly runs: Runs;
  readonly files: ProjectFiles;
  readonly machine: Machine;
  /** The price of an hour of one GPU, where there is one. */
  readonly gpuHourUsd: number | undefined;
  readonly executorKind: string;
};

/** Makes the folder of a new attempt with all that its job needs. Nothing runs yet. */
export function begin(
  step: Step,
  key: StepKey,
  doc: KeyDoc,
  inputs: readonly Input[],
  after: number,
  failures: number,
  context: Context,
): Attempt {
  const {pipeline, runs, files, machine, gpuHourUsd, executorKind} = context;
  const {attempt, dir} = makeAttempt(join(runs.attempts, folderOf(step, key)), after);
  const name = jobName(step, key, attempt, dir);
  compose(step, {name, title: `${step.id}, attempt ${attempt}`}, dir, failures, inputs, files, machine);
  const {gpus, cpus, memoryMb, graceSeconds, seconds} = step.spec.resources;
  const record: JobRecord = {
    version: 1,
    name,
    step: step.id,
    pipeline,
    key,
    doc,
    attempt,
    sandbox: machine.sandbox.kind,
    executor: executorKind,
    resources: {gpus, cpus, memoryMb},
    terms: {
      limit: seconds ?? null,
      gpuHourUsd: gpuHourUsd ?? null,
      usage: step.stage.bill?.path ?? null,
      callsNone: step.spec.usdPerHour === 0,
    },
    uses: usedBy(step),
    graceSeconds,
    made: new Date().toISOString(),
  };
  writeJob(dir, record);
  return existing(record, dir);
}

/** The attempt in a folder that is already there. */
export const existing = (record: JobRecord, dir: string): Attempt => {
  const {name, resources = {gpus: 0, cpus: 1, memoryMb: 0}, graceSeconds} = record;
  return {record, dir, job: {name: name as JobName, dir, resources: {...resources, graceSeconds}}};
};

/** `ptb-<stage>-<key12>-<n>-<project>`: unique among all projects of a user, and short enough for a queue listing. */
const jobName = (step: Step, key: StepKey, number: number, dir: string): string =>
  `ptb-${step.stage.name}-${key.slice(0, 12)}-${number}-${sha256(dirname(dir)).slice(0, 6)}`;

export type Settled = (
  | /** Nothing is missing but the commit. */ {readonly kind: 'done'; readonly record: ResultRecord}
  | {readonly kind: 'failed'; readonly failure: Failure}
) & {readonly bill: Bill; readonly turnedAway: TurnedAway | undefined};

/** The record that its job left of its own end. */
export const exitOf = ({dir}: Attempt): ExitRecord | undefined =>
  parseExitRecord(readText(attemptPaths(dir).exit) ?? '');

/**
 * Judges an ended attempt by what its stage declared when it was made. One that is not good keeps its folder with the reason.
 * `said`: what the executor says of its end.
 */
export async function settle(
  attempt: Attempt,
  exit: ExitRecord | undefined,
  said: Pick<Report, 'because' | 'fate'> = {},
): Promise<Settled> {
  const {record, dir} = attempt;
  const paths = attemptPaths(dir);
  const stage = declaredIn(record.doc);
  const outcome = outcomeBy(exit, said);
  const evidence = lastLines([paths.stderr, paths.stdout], 8);
  // Kept aside before the working directory goes, for a settling that is cut off.
  const kept = readJson(paths.bill);
  const bill = isObject(kept) ? (kept as unknown as Bill) : billOf(record, dir, exit);
  const claim = readLeft(paths.work, 'failure.json');
  const ended = {bill, turnedAway: turnedAway(claim)};
  const failed = (failure: Failure): Settled => {
    fail(attempt, failure, outcome, exit, bill);
    return {kind: 'failed', failure, ...ended};
  };
  const verdict = classify(stage, {
    phase: exit?.phase ?? 'run',
    outcome,
    claim,
    evidence,
  });
  if (verdict !== 'done' || !exit) return failed(verdict === 'done' ? NO_RECORD : verdict);

  const collected = await collect(paths, stage.outputs, (schema) => join(paths.files, 'stages', stage.name, schema));
  if (collected.kind === 'refused') {
    return failed({class: 'failed', because: collected.because, evidence});
  }
  if (typeof record.terms?.usage === 'string') writeJson(paths.bill, bill);
  await dropWork(paths);
  return {
    kind: 'done',
    record: {...recordOf(attempt, exit, outcome, collected.outputs), ...(isFree(bill) ? {} : {bill})},
    ...ended,
  };
}

/** Ends an attempt whose job never was. */
export function refuse({record, dir}: Attempt, kind: FailureClass, because: string): Failure {
  const failure: Failure = {class: kind, because, evidence: []};
  const outcome: Outcome = {kind: 'lost', because: 'never started'};
  dropSecrets(attemptPaths(dir));
  writeFailure(dir, {version: 1, ...failure, outcome, ended: new Date().toISOString(), bill: noBill(record)});
  return failure;
}

const NO_RECORD: Failure = {class: 'lost', because: 'no exit record', evidence: []};

/** The job's own record decides; but a job that was told to end, or could not write, does not know by whom and why. */
function outcomeBy(exit: ExitRecord | undefined, {because, fate}: Pick<Report, 'because' | 'fate'>): Outcome {
  if (exit && (exit.endedBy !== 'cancel' || fate === undefined)) return outcomeOf(exit);
  switch (fate) {
    case 'cancelled':
      return {kind: 'stopped', because: `cancelled from outside: ${because ?? 'nobody says by whom'}`};
    case 'out-of-memory':
      return {kind: 'out-of-memory', memoryMb: exit?.memoryMb ?? null};
    case 'taken':
    case undefined: {
      const how = exit ? 'the job was told to end' : 'the job is gone and left no exit record';
      return {kind: 'lost', because: `${how}${because === undefined ? '' : `: ${because}`}`};
    }
    default:
      return unreachable(fate);
  }
}

function fail(
  {record, dir}: Attempt,
  failure: Failure,
  outcome: Outcome,
  exit: ExitRecord | undefined,
  bill: Bill,
): void {
  dropSecrets(attemptPaths(dir));
  const seconds = exit && secondsOf(exit, record);
  const ended = new Date().toISOString();
  writeFailure(dir, {version: 1, ...failure, outcome, ended, ...(seconds ? {seconds} : {}), bill});
}

const recordOf = (
  {record}: Attempt,
  exit: ExitRecord,
  outcome: Outcome,
  outputs: ResultRecord['outputs'],
): ResultRecord => ({
  version: 1,
  step: record.step,
  ...(record.pipeline === undefined ? {} : {pipeline: record.pipeline}),
  key: record.key,
  doc: record.doc,
  attempt: record.attempt,
  outcome,
  outputs,
  started: new Date(exit.started).toISOString(),
  ended: new Date(exit.ended).toISOString(),
  seconds: secondsOf(exit, record),
  memoryMb: exit.memoryMb,
  ...(exit.gpus && exit.gpus.length > 0 ? {gpus: exit.gpus} : {}),
  ...(exit.redacted ? {redacted: exit.redacted} : {}),
  host: exit.host,
  sandbox: record.sandbox,
  executor: record.executor,
});

function secondsOf(exit: ExitRecord, {made}: JobRecord): Seconds {
  const {wall, active} = timesOf(exit);
  const queued = Math.max(0, exit.started - Date.parse(made)) / 1000;
  return {total: wall / 1000, run: active / 1000, queued};
}

/** How much of a log's end is looked at. */
const TAIL_BYTES = 8192;

/** The last lines of the first log that says something. */
export function lastLines(logs: readonly string[], count: number): string[] {
  for (const log of logs) {
    const size = isFile(log) ? statSync(log).size : 0;
    if (size === 0) continue;
    const handle = openSync(log, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
      readSync(handle, buffer, 0, buffer.length, size - buffer.length);
      const lines = buffer
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      if (lines.length > 0) return lines.slice(-count);
    } finally {
      closeSync(handle);
    }
  }
  return [];
}
