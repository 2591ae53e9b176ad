import {existsSync} from 'node:fs';
import {NOTHING_SPENT, spentJson} from '../plan/bill.js';
import type {Emit, Ending, RunEnd} from '../run/event.js';
import {openAttempts} from '../store/attempt.js';
import {printableJson} from '../report/style.js';
import {remindOfLock} from './lock.js';
import {othersOf} from './others.js';
import {planProject, type Planned} from './planned.js';
import {openProject, type Project} from './project.js';
import {reporterFor} from './reporter.js';
import type {RunOptions} from './run-options.js';
import {EXIT, type Terminal} from './terminal.js';

export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  if (options.dryRun) return (await import('./plan.js')).planCommand(options, terminal);
  const began = new Date();
  const beganTick = performance.now();
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  terminal.err(project.warnings);
  const {runs, graph} = project;
  if (options.submitController)
    return (await import('./submit-controller.js')).submitController(project, options, terminal);
  const me = terminal.env.PTB_CONTROLLER;
  // The lock of a controller whose job is gone goes with it.
  if (me === undefined && existsSync(runs.controllerJob))
    await (await import('./controller.js')).liveControllerJob(runs, terminal);
  /** `planned`: as it still is; a run that did something is planned anew. */
  const end = async (emit: Emit, how: RunEnd, planned?: Planned): Promise<number> =>
    finish(project, options, terminal, emit, how, (performance.now() - beganTick) / 1000, planned);

  for (;;) {
    const others = othersOf(runs);
    const planned = planProject(project);
    planned.ledger.save();
    const missing = [...graph.steps.values()].filter(({id}) => planned.verdicts.get(id)!.kind !== 'cached');
    // A run with nothing to do needs no lock, no sandbox and no journal. What an earlier run left is settled although no
    // step asks for it.
    if (missing.length === 0 && openAttempts(runs.attempts).length === 0) {
      const emit = await reporterFor(project, options, terminal, 'lines');
      const counts = {cached: graph.steps.size, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0};
      return end(emit, {ending: 'done', counts, spent: NOTHING_SPENT}, planned);
    }
    // What runs programs takes as long to load as all the rest.
    const {workOrWatch} = await import('./work.js');
    const exit = await workOrWatch({project, planned, missing, others}, options, terminal, {began, me, end});
    if (exit !== 'look again') return exit;
  }
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

async function finish(
  project: Project,
  options: RunOptions,
  terminal: Terminal,
  emit: Emit,
  end: RunEnd,
  seconds: number,
  planned?: Planned,
): Promise<number> {
  // To leave was all that --detach asked for.
  const exit = options.detach && end.ending === 'detached' ? EXIT.done : CODES[end.ending];
  emit({kind: 'end', seconds, ...end});
  const {counts, spent, capped} = end;
  const bill = spentJson(spent);
  if (options.json) terminal.out(`${printableJson({version: 1, event: 'end', exit, counts, seconds, bill, capped})}\n`);
  else if (hasScores(project)) {
    const {projectTable} = await import('./table.js');
    const {renderTable} = await import('../report/table.js');
    // What --rerun asked for has been done, so it counts.
    const done = projectTable({...project, rerun: () => false}, {kind: 'nothing'}, planned);
    terminal.out(renderTable(done, 'text', terminal.paintOut));
  }
  if (!options.json && !options.quiet) remindOfLock(project, terminal);
  return exit;
}
