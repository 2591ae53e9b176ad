import {describeSeconds} from '../base/quantity.js';
import type {StepId} from '../graph/step.js';
import {unreachable} from '../base/unreachable.js';
import {describeSpent, dollars} from '../plan/bill.js';
import {describeReason} from '../plan/reason.js';
import type {Capped} from '../run/budget.js';
import type {Counts, Event} from '../run/event.js';
import {printable, type Paint} from './style.js';

/** One event as one line, or as several where a failure shows its evidence; undefined for what nobody waits for. */
export function lineOf(event: Event, paint: Paint): string | undefined {
  switch (event.kind) {
    case 'begin':
      return `${event.pipeline}: ${event.steps} steps for ${event.cells} cells`;
    case 'cached':
    case 'committing':
      return undefined;
    case 'submitted':
      return `${paint('blue', 'start')}   ${event.step} (${describeReason(event.because)})`;
    case 'adopted':
      return `${paint('blue', 'adopt')}   ${event.step} (attempt ${event.attempt} goes on)`;
    case 'done':
      return `${paint('green', 'done')}    ${event.step} (${describeSeconds(event.seconds)})`;
    case 'failed':
      return [
        `${paint('red', 'failed')}  ${event.step}: ${event.failure.class}: ${printable(event.failure.because)}${event.again ? '; trying again' : ''}`,
        ...event.failure.evidence.map((line) => `        | ${printable(line)}`),
        `        logs: ${event.dir}`,
      ].join('\n');
    case 'waits':
      return [
        `${paint('yellow', 'wait')}    ${event.step}: its job ${event.job} still runs under a key that no longer holds (${describeReason({kind: 'changed', paths: event.paths})})`,
        `        its result is kept; to end it and start anew at once: --rerun ${event.step}`,
      ].join('\n');
    case 'ending':
      return `${paint('yellow', 'stop')}    ${event.step}: its job ${event.job}, whose key no longer holds`;
    case 'stray-done':
      return `${paint('green', 'kept')}    ${event.step} (${describeSeconds(event.seconds)}), under a key that no step of this run has`;
    case 'stray-failed':
      return [
        `${paint('yellow', 'failed')}  ${event.step}, under a key that no step of this run has: ${event.failure.class}: ${printable(event.failure.because)}`,
        `        logs: ${event.dir}`,
      ].join('\n');
    case 'leaving':
      return [
        `${paint('yellow', 'leave')}   ${event.jobs.length} ${event.jobs.length === 1 ? 'job goes' : 'jobs go'} on that no step of this run asks for:`,
        ...event.jobs.slice(0, 8).map(({step, job}) => `        ${step} (${job})`),
        '        ptb pipeline status names them, the next run keeps their results; end them with: ptb pipeline stop',
      ].join('\n');
    case 'still-failed':
      return [
        `${paint('red', 'failed')}  ${event.step}, in an earlier run: ${printable(event.because)}`,
        `        it holds GPUs, so it is tried again only with: --rerun ${event.step}`,
      ].join('\n');
    case 'held':
      return `${paint('yellow', 'held')}    ${event.step}: ${printable(event.because)}`;
    case 'blocked':
      return undefined;
    case 'notice':
      return `${paint('yellow', 'notice')}  ${printable(event.text)}`;
    case 'detaching':
      return [
        `${paint('yellow', 'detach')}  nothing new starts; ${event.running} running jobs go on`,
        '        come back with: ptb pipeline run    end them with: ptb pipeline stop, or Ctrl-C again now',
      ].join('\n');
    case 'stopping':
      return `${paint('yellow', 'stop')}    ending ${event.running} jobs`;
    case 'paused':
      return `${paint('yellow', 'pause')}   ${printable(describePause(event))}`;
    case 'end':
      return [
        `${paint('bold', event.ending)}: ${describeCounts(event.counts)} in ${describeSeconds(event.seconds)}`,
        ...[describeSpent(event.spent)].filter((text) => text !== '').map((text) => `bill: ${text}`),
        ...(event.capped ? describeCapped(event.capped).map((text) => `${paint('yellow', 'capped')}: ${text}`) : []),
      ].join('\n');
    default:
      return unreachable(event);
  }
}

export const describeCounts = (counts: Counts): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ') || 'nothing to do';

/** `anthropic paused until 12:34: 429 …`, in local time; with the date where that is another day. */
export function describePause({
  limit,
  until,
  because,
}: {
  readonly limit: string;
  readonly until: string | null;
  readonly because: string;
}): string {
  if (until === null) return `${limit} paused: ${because}`;
  const at = new Date(until);
  const time = at.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});
  const day = at.toDateString() === new Date().toDateString() ? '' : `${at.toLocaleDateString('sv-SE')} `;
  return `${limit} paused until ${day}${time}: ${because}`;
}

/** What a capped run lacked, and the cap with which the next one comes to the end. */
export function describeCapped({caps, spent, waits}: Capped): string[] {
  const one = (
    flag: string,
    cap: number | null,
    used: number,
    more: number | null,
    show: (value: number) => string,
  ) => {
    if (cap === null || more === null || more <= 0) return [];
    const lacks = more - Math.max(0, cap - used);
    if (lacks <= 0) return [];
    const needs = `what waits may take ${show(more)}, ${show(lacks)} more than is left`;
    return [`${show(used)} of ${show(cap)} spent; ${needs}; go on with: ptb pipeline run ${flag} ${roundUp(more)}`];
  };
  return [
    ...one(
      '--max-gpu-hours',
      caps.gpuHours,
      spent.gpuHours,
      waits.gpuHours,
      (value) => `${value.toFixed(2)} GPU-hours`,
    ),
    ...one('--max-usd', caps.usd, spent.usd, waits.usd, dollars),
  ];
}

/** To two decimals, never below. */
const roundUp = (value: number): string => String(Math.ceil(value * 100 - 1e-6) / 100);

/** One line per event; steps that a failed one blocks, as one line for all. */
export function lineReporter(write: (text: string) => void, paint: Paint): (event: Event) => void {
  const blocked = new Map<StepId, {readonly steps: StepId[]; readonly because: 'failed' | 'held'}>();
  const flush = (): void => {
    for (const [by, {steps, because}] of blocked) {
      const what = steps.length === 1 ? steps[0]! : `${steps.length} steps`;
      write(`${paint('yellow', 'blocked')} ${what} (${by} ${because === 'held' ? 'is held' : 'failed'})\n`);
    }
    blocked.clear();
  };
  return (event) => {
    if (event.kind === 'blocked') {
      const {by, step, because} = event;
      blocked.set(by, {steps: [...(blocked.get(by)?.steps ?? []), step], because});
      return;
    }
    const line = lineOf(event, paint);
    if (line === undefined) return;
    flush();
    write(`${line}\n`);
  };
}
