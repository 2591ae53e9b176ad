import CliTable from 'cli-table3';
import {describeSeconds} from '../base/quantity.js';
import {byCodeUnit} from '../base/canonical.js';
import type {StepId} from '../graph/step.js';
import type {StepStatus} from '../run/status.js';
import {printable, type Paint} from './style.js';

type Statuses = ReadonlyMap<StepId, StepStatus>;

const STATES = ['done', 'running', 'waiting', 'failed', 'blocked', 'missing'] as const;

const countsOf = (statuses: Statuses): Record<StepStatus['state'], number> =>
  Object.fromEntries(
    STATES.map((state) => [state, [...statuses.values()].filter((one) => one.state === state).length]),
  ) as Record<StepStatus['state'], number>;

/** Every step that is not done; the done ones as counts. `lastLine` is the end of a step's log. */
export function renderStatus(statuses: Statuses, lastLine: (status: StepStatus) => string, paint: Paint): string {
  const open = [...statuses.values()]
    .filter(({state}) => state !== 'done')
    .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || byCodeUnit(a.step.id, b.step.id));
  const counts = countsOf(statuses);
  const summary = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  const head = `${summary.join(', ') || 'no steps'}\n`;
  if (open.length === 0) return head;
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
  return `${head}${table.toString()}\n`;
}

/** The stable shape that schemas/status.schema.json describes. */
export const statusJson = (statuses: Statuses): object => ({
  version: 1,
  steps: [...statuses.values()].map(({step, state, attempt, because, seconds}) => ({
    id: step.id,
    stage: step.stage.name,
    axes: step.at,
    state,
    attempt,
    because,
    seconds,
  })),
  counts: countsOf(statuses),
});
