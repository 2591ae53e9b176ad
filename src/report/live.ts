import {createLogUpdate} from 'log-update';
import {describeSeconds} from '../base/quantity.js';
import type {Graph} from '../graph/graph.js';
import type {StepId} from '../graph/step.js';
import type {Event} from '../run/event.js';
import {labels} from './label.js';
import {describePause, lineOf} from './lines.js';
import {printable, type Paint} from './style.js';

const REDRAW_MS = 200;
const MOST_RUNNING_SHOWN = 8;
const BAR = 20;

/** What must stay readable. */
const TOLD: readonly Event['kind'][] = [
  'failed',
  'still-failed',
  'held',
  'waits',
  'ending',
  'stray-failed',
  'leaving',
  'detaching',
  'stopping',
];

type Running = {readonly since: number; readonly limit: number | null; readonly gpus: number};
type Tally = {total: number; done: number; failed: number; blocked: number; running: number};

/**
 * The live view of a terminal: a bar per stage, the running steps with elapsed time and limit, the time to finish. What
 * must stay readable (failures, what to do next) is printed above it.
 */
export function liveReporter(graph: Graph, stream: NodeJS.WriteStream, paint: Paint): (event: Event) => void {
  const screen = createLogUpdate(stream);
  const stages = new Map<string, Tally>(
    graph.stages.map(({name}) => [name, {total: 0, done: 0, failed: 0, blocked: 0, running: 0}]),
  );
  const running = new Map<StepId, Running>();
  const pauses = new Map<string, Extract<Event, {kind: 'paused'}>>();
  const tally = (id: StepId): Tally => stages.get(graph.steps.get(id)!.stage.name)!;
  /** Another controller's journal may tell of steps that were not asked for here. */
  const concerns = (event: Event): boolean => !('step' in event) || graph.steps.has(event.step);
  for (const step of graph.steps.values()) tally(step.id).total++;
  const label = labels(graph.cells);
  const began = performance.now();
  const pace = {finished: 0};

  const draw = (): void => {
    const now = performance.now();
    const width = Math.max(...[...stages.keys()].map((name) => name.length));
    const gpus = [...running.values()].reduce((sum, one) => sum + one.gpus, 0);
    const lines = [...stages].map(([name, one]) => {
      const filled = Math.round((BAR * one.done) / Math.max(1, one.total));
      const bar = paint('green', '━'.repeat(filled)) + paint('dim', '━'.repeat(BAR - filled));
      const parts = [
        `${one.done}/${one.total}`,
        ...(one.running > 0 ? [paint('blue', `${one.running} running`)] : []),
        ...(one.failed > 0 ? [paint('red', `${one.failed} failed`)] : []),
        ...(one.blocked > 0 ? [paint('yellow', `${one.blocked} blocked`)] : []),
      ];
      return ` ${name.padEnd(width)} ${bar} ${parts.join('  ')}`;
    });
    const steps = [...running].slice(0, MOST_RUNNING_SHOWN).map(([id, {since, limit}]) => {
      const elapsed = describeSeconds((now - since) / 1000);
      const {stage, at} = graph.steps.get(id)!;
      return `   ${stage.name} ${label(at)}  ${paint('dim', limit === null ? elapsed : `${elapsed} of ${describeSeconds(limit)}`)}`;
    });
    if (running.size > MOST_RUNNING_SHOWN) steps.push(`   and ${running.size - MOST_RUNNING_SHOWN} more`);
    const footer = [
      describeSeconds((now - began) / 1000),
      ...(gpus > 0 ? [`${gpus} GPUs in use`] : []),
      ...remaining(now),
    ];
    const waits = [...pauses.values()]
      .filter(({until}) => Date.parse(until) > now)
      .map((pause) => ` ${paint('yellow', printable(describePause(pause)))}`);
    screen([...lines, ...steps, ...waits, ` ${paint('dim', footer.join(' · '))}`].join('\n'));
  };

  /** From the steps that this run has finished: what is left takes as long on average, as many at a time. */
  const remaining = (now: number): string[] => {
    const all = [...stages.values()];
    const left = all.reduce((sum, one) => sum + one.total - one.done - one.failed - one.blocked, 0);
    if (pace.finished < 3 || left === 0) return [];
    return [`about ${describeSeconds((left * (now - began)) / 1000 / pace.finished)} left`];
  };

  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();

  return (event) => {
    if (!concerns(event)) return;
    switch (event.kind) {
      case 'cached':
        tally(event.step).done++;
        break;
      case 'submitted':
      case 'adopted': {
        const {gpus, seconds} = graph.steps.get(event.step)!.spec.resources;
        running.set(event.step, {since: performance.now(), limit: seconds ?? null, gpus});
        tally(event.step).running++;
        break;
      }
      case 'done':
        running.delete(event.step);
        tally(event.step).running--;
        tally(event.step).done++;
        pace.finished++;
        break;
      case 'failed':
        if (running.delete(event.step)) tally(event.step).running--;
        if (!event.again) tally(event.step).failed++;
        break;
      case 'waits':
        running.set(event.step, {since: performance.now(), limit: null, gpus: 0});
        break;
      case 'stray-done':
      case 'stray-failed':
        running.delete(event.step);
        break;
      case 'still-failed':
        tally(event.step).failed++;
        break;
      case 'held':
      case 'blocked':
        tally(event.step).blocked++;
        break;
      case 'paused':
        pauses.set(event.limit, event);
        break;
      case 'end':
        clearInterval(timer);
        draw();
        screen.done();
        stream.write(`${lineOf(event, paint)!}\n`);
        return;
      default:
    }
    if (TOLD.includes(event.kind)) {
      screen.clear();
      stream.write(`${lineOf(event, paint)!}\n`);
      draw();
    }
  };
}
