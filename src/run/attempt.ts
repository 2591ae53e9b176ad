import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Outcome} from '../base/outcome.js';
import {sha256} from '../base/canonical.js';
import {outcomeOf, parseExitRecord, type ExitRecord} from '../executor/exit-record.js';
import type {Job, JobName} from '../executor/executor.js';
import type {Step} from '../graph/step.js';
import type {KeyDoc, StepKey} from '../plan/key.js';
import {makeAttempt, writeFailure, writeJob} from '../store/attempt.js';
import {collect, dropWork} from '../store/collect.js';
import type {ProjectFiles} from '../store/files.js';
import {attemptPaths, folderName, folderOf, type Runs} from '../store/paths.js';
import {commit, type ResultRecord} from '../store/result.js';
import {readJson, readText} from '../store/write.js';
import {compose, type Input, type Machine} from './compose.js';
import {classify, type Failure} from './settle.js';

/** An attempt under way. */
export type Attempt = {
  readonly step: Step;
  readonly key: StepKey;
  readonly doc: KeyDoc;
  readonly number: number;
  readonly dir: string;
  readonly job: Job;
};

export type Context = {
  /** Name of the pipeline. */
  readonly pipeline: string;
  readonly runs: Runs;
  readonly files: ProjectFiles;
  readonly machine: Machine;
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
  const {pipeline, runs, files, machine, executorKind} = context;
  const {attempt: number, dir} = makeAttempt(join(runs.attempts, folderOf(step, key)), after);
  compose(step, `${step.id}, attempt ${number}`, dir, failures, inputs, files, machine);
  const attempt = existing(step, key, doc, number, dir);
  writeJob(dir, {
    version: 1,
    name: attempt.job.name,
    step: step.id,
    pipeline,
    key,
    doc,
    attempt: number,
    sandbox: machine.sandbox.kind,
    executor: executorKind,
    graceSeconds: step.spec.resources.graceSeconds,
    made: new Date().toISOString(),
  });
  return attempt;
}

/** The attempt in a folder that is already there. */
export const existing = (step: Step, key: StepKey, doc: KeyDoc, number: number, dir: string): Attempt => ({
  step,
  key,
  doc,
  number,
  dir,
  job: {name: jobName(step, key, number, dir), dir, resources: step.spec.resources},
});

/** `ptb-<stage>-<key12>-<n>-<project>`: unique among all projects of a user, and short enough for a queue listing. */
const jobName = (step: Step, key: StepKey, number: number, dir: string): JobName =>
  `ptb-${step.stage.name}-${key.slice(0, 12)}-${number}-${sha256(dirname(dir)).slice(0, 6)}` as JobName;

export type Settled =
  | {readonly kind: 'done'; readonly record: ResultRecord; readonly dir: string}
  /** `seconds` that its run script took, as far as known. */
  | {readonly kind: 'failed'; readonly failure: Failure; readonly seconds: number};

/** Whether its job came to the record of its own end. */
export const hasEnded = ({dir}: Pick<Attempt, 'dir'>): boolean =>
  parseExitRecord(readText(attemptPaths(dir).exit) ?? '') !== undefined;

/** Judges an ended attempt; a good one becomes a result, any other keeps its folder with the reason. */
export async function settle(attempt: Attempt, context: Context): Promise<Settled> {
  const {step, dir} = attempt;
  const paths = attemptPaths(dir);
  const exit = parseExitRecord(readText(paths.exit) ?? '');
  const outcome: Outcome = exit ? outcomeOf(exit) : {kind: 'lost', because: 'the job is gone and left no exit record'};
  const evidence = lastLines([paths.stderr, paths.stdout], 8);
  const verdict = classify(step.stage, {
    phase: exit?.phase ?? 'run',
    outcome,
    claim: readJson(join(paths.work, 'failure.json')),
    evidence,
  });
  if (verdict !== 'done' || !exit) return fail(attempt, verdict === 'done' ? lost(evidence) : verdict, outcome, exit);

  const collected = await collect(paths, step.stage.outputs, (schema) => join(paths.files, step.stage.dir, schema));
  if (collected.kind === 'refused') {
    return fail(attempt, {class: 'failed', because: collected.because, evidence}, outcome, exit);
  }
  await dropWork(paths);
  const record = recordOf(attempt, exit, outcome, collected.outputs, context);
  const result = join(context.runs.results, step.stage.name, folderName(step, attempt.key));
  commit(dir, result, record);
  return {kind: 'done', record, dir: result};
}

/** Ends an attempt that the executor would not take. */
export function refuse({dir}: Attempt, because: string): Failure {
  const failure: Failure = {class: 'not-ready', because, evidence: []};
  const outcome: Outcome = {kind: 'lost', because: 'never started'};
  writeFailure(dir, {version: 1, ...failure, outcome, ended: new Date().toISOString()});
  return failure;
}

const lost = (evidence: readonly string[]): Failure => ({class: 'lost', because: 'no exit record', evidence});

function fail(attempt: Attempt, failure: Failure, outcome: Outcome, exit: ExitRecord | undefined): Settled {
  writeFailure(attempt.dir, {version: 1, ...failure, outcome, ended: new Date().toISOString()});
  return {kind: 'failed', failure, seconds: exit ? runSeconds(exit) : 0};
}

const recordOf = (
  {step, key, doc, number}: Attempt,
  exit: ExitRecord,
  outcome: Outcome,
  outputs: ResultRecord['outputs'],
  {pipeline, machine, executorKind}: Context,
): ResultRecord => ({
  version: 1,
  step: step.id,
  pipeline,
  key,
  doc,
  attempt: number,
  outcome,
  outputs,
  started: new Date(exit.started).toISOString(),
  ended: new Date(exit.ended).toISOString(),
  seconds: {
    total: (exit.ended - exit.started) / 1000,
    run: runSeconds(exit),
  },
  memoryMb: exit.memoryMb,
  host: exit.host,
  sandbox: machine.sandbox.kind,
  executor: executorKind,
});

const runSeconds = ({runStarted, ended}: ExitRecord): number => (runStarted === null ? 0 : (ended - runStarted) / 1000);

/** How much of a log's end is looked at. */
const TAIL_BYTES = 8192;

/** The last lines of the first log that says something. */
export function lastLines(logs: readonly string[], count: number): string[] {
  for (const log of logs) {
    const size = statSync(log, {throwIfNoEntry: false})?.size ?? 0;
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
