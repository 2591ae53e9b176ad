import CliTable from 'cli-table3';
import {describeSeconds} from '../base/quantity.js';
import {byCodeUnit} from '../base/canonical.js';
import {describeSpent, spentJson, type Spent} from '../plan/bill.js';
import type {Status, StepStatus} from '../run/status.js';
import {describePause} from './lines.js';
import {printable, type Paint} from './style.js';

type Statuses = Status['steps'];

const STATES = ['done', 'running', 'waiting', 'failed', 'blocked', 'missing'] as const;

const countsOf = (statuses: Statuses): Record<StepStatus['state'], number> =>
  Object.fromEntries(
    STATES.map((state) => [state, [...statuses.values()].filter((one) => one.state === state).length]),
  ) as Record<StepStatus['state'], number>;

/** What is beside the single steps. */
export type Shared = {
  /** Limits of which no job may start now; `until` is null where a person said so. */
  readonly pauses: readonly {readonly limit: string; readonly until: string | null; readonly because: string}[];
  /** Who runs the project now, in words. */
  readonly controller?: string | undefined;
  /** On all attempts at these steps, whatever their key. */
  readonly spent: Spent;
};

/** Every step that is not done; the done ones as counts, and jobs under other keys. `lastLine` is the end of a step's log. */
export function renderStatus(
  {steps, strays}: Status,
  {pauses, spent, controller}: Shared,
  lastLine: (status: StepStatus) => string,
  paint: Paint,
): string {
  const open = [...steps.values()]
    .filter(({state}) => state !== 'done')
    .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || byCodeUnit(a.step.id, b.step.id));
  const counts = countsOf(steps);
  const summary = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  const bill = describeSpent(spent);
  const head = [
    summary.join(', ') || 'no steps',
    ...(bill === '' ? [] : [`bill: ${bill}`]),
    ...(controller === undefined ? [] : [`controller: ${printable(controller)}`]),
    ...pauses.map((pause) => paint('yellow', printable(describePause(pause)))),
    '',
  ].join('\n');
  /** Not told of already by the step that waits for it. */
  const beside = strays.filter(({because}) => !open.some((status) => status.because === because));
  if (open.length + beside.length === 0) return head;
  const table = new CliTable({
    head: ['state', 'step', 'since', 'because'].map((word) => paint('bold', word)),
    style: {head: [], border: [], compact: true},
  });
  for (const status of open) {
    const since = status.seconds === null ? '' : describeSeconds(status.seconds);
    table.push([
      status.state,
      status.step.id,
      since,
      printable([status.because, lastLine(status)].filter(Boolean).join('\n')),
    ]);
  }
  for (const {step, seconds, because} of beside) {
    table.push(['beside', step, describeSeconds(seconds), printable(because)]);
  }
  return `${head}${table.toString()}\n`;
}

/** The stable shape that schemas/status.schema.json describes. */
export const statusJson = ({steps, strays}: Status, shared?: Shared): object => ({
  version: 1,
  ...(shared ? {bill: spentJson(shared.spent), pauses: shared.pauses, controller: shared.controller ?? null} : {}),
  steps: [...steps.values()].map(({step, state, attempt, because, seconds}) => ({
    id: step.id,
    stage: step.stage.name,
    axes: step.at,
    state,
    attempt,
    because,
    seconds,
  })),
  strays,
  counts: countsOf(steps),
});
