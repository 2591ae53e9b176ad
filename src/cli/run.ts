import type {Step} from '../graph/step.js';
import {NOTHING_SPENT, spentJson} from '../plan/bill.js';
import {withoutMoney} from '../plan/cost.js';
import type {Verdict} from '../plan/plan.js';
import {describeStale, staleOf, staleSteps} from '../plan/stale.js';
import {renderStale, renderWithoutMoney} from '../report/plan.js';
import {runSteps} from '../run/engine.js';
import type {Emit, Ending, RunEnd} from '../run/event.js';
import {controllerOf, lock, type Controller} from '../run/lock.js';
import {openAttempts} from '../store/attempt.js';
import {usedBy, type Limits} from '../run/schedule.js';
import {journalFile, openJournal} from '../store/journal.js';
import {preflight, type ReadyMachine} from './doctor.js';
import {liveControllerJob} from './controller.js';
import {remindOfLock} from './lock.js';
import {planCommand, planProject} from './plan.js';
import {openProject, type Project} from './project.js';
import {reporterFor} from './reporter.js';
import {renderTable} from '../report/table.js';
import type {RunOptions} from './run-options.js';
import {setUp} from './set-up.js';
import {projectTable} from './table.js';
import {EXIT, type Terminal} from './terminal.js';
import {watchOther} from './watch.js';

export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  if (options.dryRun) return planCommand(options, terminal);
  const began = new Date();
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  terminal.err(project.warnings);
  const {runs, graph} = project;
  if (options.submitController)
    return (await import('./submit-controller.js')).submitController(project, options, terminal);
  const me = terminal.env.PTB_CONTROLLER;
  // The lock of a controller whose job is gone goes with it.
  if (me === undefined) await liveControllerJob(runs, terminal);
  const end = (emit: Emit, how: RunEnd): number =>
    finish(project, options, terminal, emit, how, (Date.now() - began.getTime()) / 1000);

  for (;;) {
    const missing = notCached(project);
    if (missing === 'all done') {
      const emit = await reporterFor(project, options, terminal, 'lines');
      const counts = {cached: graph.steps.size, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};
      return end(emit, {ending: 'done', counts, spent: NOTHING_SPENT});
    }
    // Whoever only watches another controller needs nothing of this machine.
    const isBusy = controllerOf(runs.controller) !== undefined;
    const ready = isBusy ? undefined : await preflight(project, missing, terminal);
    if (!isBusy && !ready) return EXIT.notReady;
    const journal = journalFile(runs.journal, began);
    const held = lock(runs.controller, began, journal, me);
    if (held.kind === 'held') {
      try {
        if (ready) return await work(project, ready, options, terminal, journal, held.tookOver, end);
        continue; // the other one ended just now
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
  }
}

async function work(
  project: Project,
  ready: ReadyMachine,
  options: RunOptions,
  terminal: Terminal,
  journal: string,
  tookOver: Controller | undefined,
  end: (emit: Emit, end: RunEnd) => number,
): Promise<number> {
  const planned = planProject(project);
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
  const emit = await reporterFor(project, options, terminal, 'live', openJournal(journal));
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

/** The steps without a result. A run with nothing to do needs no lock, no sandbox and no journal. */
function notCached(project: Project): readonly Step[] | 'all done' {
  const {verdicts, ledger} = planProject(project);
  ledger.save();
  const missing = [...project.graph.steps.values()].filter(({id}) => verdicts.get(id)!.kind !== 'cached');
  // What an earlier run left is settled although no step asks for it.
  return missing.length === 0 && openAttempts(project.runs.attempts).length === 0 ? 'all done' : missing;
}

/** A pipeline of other stages, or one cut off by --until, has nothing to average. */
const hasScores = ({pipeline, graph}: Project): boolean =>
  graph.stages.some(({name}) => name === pipeline.score.measured.split('/', 1)[0]);

const CODES: Readonly<Record<Ending, number>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  capped: EXIT.failed,
  detached: EXIT.interrupted,
  stopped: EXIT.interrupted,
};

function finish(
  project: Project,
  options: RunOptions,
  terminal: Terminal,
  emit: Emit,
  end: RunEnd,
  seconds: number,
): number {
  // To leave was all that --detach asked for.
  const exit = options.detach && end.ending === 'detached' ? EXIT.done : CODES[end.ending];
  emit({kind: 'end', seconds, ...end});
  const {counts, spent, capped} = end;
  const bill = spentJson(spent);
  if (options.json)
    terminal.out(`${JSON.stringify({version: 1, event: 'end', exit, counts, seconds, bill, capped})}\n`);
  else if (hasScores(project)) {
    // What --rerun asked for has been done, so it counts.
    const done = projectTable({...project, rerun: () => false});
    terminal.out(renderTable(done, 'text', terminal.paintOut));
  }
  if (!options.json && !options.quiet) remindOfLock(project, terminal);
  return exit;
}
