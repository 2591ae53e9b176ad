import {describeOutcome} from '../base/outcome.js';
import {describeBytes, describeSeconds} from '../base/quantity.js';
import {describeSpent, spentJson, spentOn, type Spent} from '../plan/bill.js';
import type {StepId} from '../graph/step.js';
import type {Verdict} from '../plan/plan.js';
import type {StepStatus} from '../run/status.js';
import type {Found} from '../store/attempt.js';
import type {ResultRecord, Seconds} from '../store/result.js';
import {describeVerdict} from './plan.js';
import {printable, type Paint} from './style.js';

/** What is on disk of a step. Folders are relative to the project. */
export type StepPast = {
  readonly id: StepId;
  readonly verdict: Verdict;
  /** The result that stands for it; else its last one, under another key. */
  readonly result: {readonly record: ResultRecord; readonly folder: string; readonly is: 'current' | 'old'} | undefined;
  /** Under its present key, oldest first. */
  readonly attempts: readonly (Found & {readonly folder: string})[];
  /** On all attempts at it, whatever their key. */
  readonly spent: Spent;
};

export function renderStepList(statuses: readonly StepStatus[]): string {
  const width = Math.max(0, ...statuses.map(({step}) => step.id.length));
  return statuses
    .map(({state, step, seconds, because}) => {
      const took = seconds === null ? '' : describeSeconds(seconds);
      const text = [state.padEnd(8), step.id.padEnd(width), took.padEnd(12), because === state ? '' : because];
      return `${printable(text.join(' ')).trimEnd()}\n`;
    })
    .join('');
}

export function renderStep({id, verdict, result, attempts, spent}: StepPast, paint: Paint): string {
  const accepted = verdict.kind === 'cached' ? verdict.accepted : undefined;
  const lines = [
    `${paint('bold', id)}: ${printable(describeVerdict(verdict))}`,
    ...(result ? resultLines(result, paint) : ['no result under any key']),
    ...(accepted ? [`  accepted by ${accepted.by}, ${accepted.when}: ${printable(accepted.because)}`] : []),
    ...attempts.flatMap((attempt) => attemptLines(attempt, paint)),
    ...billLine(spent, `bill of all ${spent.attempts} attempts`, ''),
  ];
  return `${lines.join('\n')}\n`;
}

function billLine(spent: Spent, title = 'bill', indent = '  '): string[] {
  const text = describeSpent(spent);
  return text === '' || (indent === '' && spent.attempts < 2) ? [] : [`${indent}${title}: ${text}`];
}

function resultLines({record, folder, is}: NonNullable<StepPast['result']>, paint: Paint): string[] {
  const {attempt, outcome, seconds, started, ended, host, sandbox, executor, memoryMb} = record;
  const outputs = Object.entries(record.outputs);
  const width = Math.max(0, ...outputs.map(([name]) => name.length));
  const memory = memoryMb === null ? '' : `, at most ${memoryMb} MB`;
  return [
    `${paint('bold', is === 'current' ? 'result' : 'old result, under another key')} ${folder}`,
    `  attempt ${attempt}: ${describeOutcome(outcome)} after ${describeSeconds(seconds.run)}${memory}`,
    ...timeLines(seconds),
    `  ${started} to ${ended} on ${host}, executor ${executor}, sandbox ${sandbox}`,
    ...(record.gpus ? [`  GPUs: ${record.gpus.join(', ')}`] : []),
    ...(record.bill ? billLine(spentOn([record.bill])) : []),
    ...outputs.map(
      ([name, {bytes, files, digest}]) =>
        `  ${printable(name).padEnd(width)}  ${describeBytes(bytes)} in ${files} ${files === 1 ? 'file' : 'files'}  ${digest.slice(0, 12)}`,
    ),
  ];
}

/** Active and wall time apart: a budget limits the active time alone. What the GPUs did stands in the bill. */
function timeLines({total, run, queued}: Seconds): string[] {
  const before = queued === undefined ? '' : `, after ${describeSeconds(queued)} of waiting`;
  return [`  time: active ${describeSeconds(run)}, wall ${describeSeconds(total)}${before}`];
}

function attemptLines(attempt: StepPast['attempts'][number], paint: Paint): string[] {
  const head = `${paint('bold', `attempt ${attempt.attempt}`)} ${attempt.folder}`;
  switch (attempt.kind) {
    case 'ready':
      return [head, '  ended well; the next run commits it'];
    case 'unsettled':
      return [head, `  made ${attempt.job.made}; under way, or ended and not settled yet`];
    case 'failed': {
      const {because, outcome, ended, evidence, seconds} = attempt.record;
      const how = describeOutcome(outcome);
      return [
        head,
        `  ${paint('red', attempt.record.class)}: ${printable(because)}${because.includes(how) ? '' : ` (${how})`}, ${ended}`,
        ...(seconds ? timeLines(seconds) : []),
        ...(attempt.record.bill ? billLine(spentOn([attempt.record.bill])) : []),
        ...evidence.map((line) => `  | ${printable(line)}`),
      ];
    }
  }
}

export function stepJson({id, verdict, result, attempts, spent}: StepPast): object {
  const record = ({doc: _, ...rest}: ResultRecord): object => rest;
  return {
    version: 1,
    id,
    bill: spentJson(spent),
    verdict: verdict.kind,
    because: describeVerdict(verdict),
    accepted: (verdict.kind === 'cached' ? verdict.accepted : undefined) ?? null,
    result: result ? {...record(result.record), folder: result.folder, current: result.is === 'current'} : null,
    attempts: attempts.map((attempt) => ({
      attempt: attempt.attempt,
      state: attempt.kind,
      folder: attempt.folder,
      ...(attempt.kind === 'failed'
        ? {
            class: attempt.record.class,
            because: attempt.record.because,
            outcome: attempt.record.outcome,
            evidence: attempt.record.evidence,
            ended: attempt.record.ended,
            seconds: attempt.record.seconds ?? null,
            bill: attempt.record.bill ?? null,
          }
        : {}),
    })),
  };
}
