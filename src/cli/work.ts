import type {Step} from '../graph/step.js';
import {withoutMoney} from '../plan/cost.js';
import type {Verdict} from '../plan/plan.js';
import {describeStale, staleOf, staleSteps} from '../plan/stale.js';
import {renderStale, renderWithoutMoney} from '../report/plan.js';
import {runSteps} from '../run/engine.js';
import type {Emit, RunEnd} from '../run/event.js';
import {lock, type Controller} from '../run/lock.js';
import {usedBy, type Limits} from '../run/schedule.js';
import {journalled} from '../run/journal-lines.js';
import {journalFile, openJournal} from '../store/journal.js';
import {preflight, type ReadyMachine} from './doctor.js';
import {nobodySince, type Others} from './others.js';
import {planProject, type Planned} from './planned.js';
import type {Project} from './project.js';
import {reporterFor} from './reporter.js';
import type {RunOptions} from './run-options.js';
import {setUp} from './set-up.js';
import {EXIT, type Terminal} from './terminal.js';
import {watchOther} from './watch.js';

/** Says how a run ended; the exit code. */
export type End = (emit: Emit, end: RunEnd) => Promise<number>;

export type Found = {
  readonly project: Project;
  readonly planned: Planned;
  /** The steps without a result. */
  readonly missing: readonly Step[];
  /** As they were before it was planned. */
  readonly others: Others;
};

type Call = {
  readonly began: Date;
  /** The name of the job that this process is, if it is one. */
  readonly me: string | undefined;
  readonly end: End;
};

/** Brings the missing steps to their end, or watches whoever does. `look again`: what another one left may be ours now. */
export async function workOrWatch(
  found: Found,
  options: RunOptions,
  terminal: Terminal,
  {began, me, end}: Call,
): Promise<number | 'look again'> {
  const {project, missing, others} = found;
  const {runs} = project;
  // Whoever only watches another controller needs nothing of this machine.
  const ready = others.alive ? undefined : await preflight(project, missing, terminal);
  if (!others.alive && !ready) return EXIT.notReady;
  const journal = journalFile(runs.journal, began);
  const held = lock(runs.controller, began, journal, me);
  if (held.kind === 'held') {
    try {
      if (!ready) return 'look again'; // the other one ended just now
      const planned = nobodySince(others, runs) ? found.planned : planProject(project);
      return await work(project, planned, ready, options, terminal, journal, held.tookOver, end);
    } finally {
      held.release();
    }
  }
  const {pid, host, since} = held.by;
  terminal.err(`process ${pid} on ${host} runs this project since ${since}; watching it\n`);
  const emit = await reporterFor(project, options, terminal, 'live');
  const last = await watchOther(held.by, runs.controller, emit);
  if (last && last.ending !== 'done') return end(emit, last);
  // It is done with what it was asked for, or it died: what is still missing is ours now.
  return 'look again';
}

async function work(
  project: Project,
  planned: Planned,
  ready: ReadyMachine,
  options: RunOptions,
  terminal: Terminal,
  journal: string,
  tookOver: Controller | undefined,
  end: End,
): Promise<number> {
  const {verdicts, estimates} = planned;
  const stale = options.yes ? [] : staleSteps(project.graph, verdicts);
  if (stale.length > 0) {
    terminal.err(renderStale(stale, terminal.paintErr));
    return EXIT.badInput;
  }
  const unknown = options.maxUsd === undefined ? [] : withoutMoney(project.graph, verdicts, estimates);
  if (unknown.length > 0) {
    terminal.err(renderWithoutMoney(unknown, terminal.paintErr));
    return EXIT.badInput;
  }
  if (tookOver) terminal.err(`process ${tookOver.pid} ended without a word; taking over from it\n`);
  const request = setUp(project, planned, ready, terminal);
  const append = openJournal(journal);
  const emit = await reporterFor(project, options, terminal, 'live', (event) => append(journalled(event)));
  const onFailure = options.failFast ? 'finish-running' : 'keep-going';
  const hold = (step: Step, verdict: Verdict): string | undefined =>
    holdPaused(project.pipeline.limits, step, verdict) ?? (options.yes ? undefined : holdStale(step, verdict));
  const caps = {gpuHours: options.maxGpuHours ?? Infinity, usd: options.maxUsd ?? Infinity};
  const leave = options.detach ? 'when-submitted' : 'when-done';
  return end(emit, await runSteps({...request, emit, onFailure, leave, caps, hold}));
}

/** What uses a limit of 0 waits until somebody raises it; an attempt under way is not touched. */
function holdPaused(limits: Limits, step: Step, verdict: Verdict): string | undefined {
  if (verdict.kind === 'run' && verdict.because.kind === 'unsettled') return undefined;
  const limit = usedBy(step).find((name) => limits.get(name) === 0);
  return limit === undefined ? undefined : `it uses "${limit}", and limits.${limit} is 0`;
}

/** A step that turns out stale while the run is under way is not started either. */
function holdStale(step: Step, verdict: Verdict): string | undefined {
  const stale = staleOf(step, verdict);
  return stale && `it would run again (${stale.because}; ${describeStale([stale])}) only with --yes`;
}
