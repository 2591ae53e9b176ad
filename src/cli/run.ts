import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {local} from '../executor/local.js';
import {lineReporter} from '../report/lines.js';
import {liveReporter} from '../report/live.js';
import {runSteps} from '../run/engine.js';
import {toAll, type Counts, type Emit, type Ending} from '../run/event.js';
import {lock} from '../run/lock.js';
import {capacityOf, findGpus, findSandbox, gpuDevices} from '../run/machine.js';
import {openJournal} from '../store/journal.js';
import {Ledger} from '../store/ledger.js';
import {StoredHistory} from '../store/history.js';
import {planCommand, planProject} from './plan.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {listen} from './signals.js';
import {projectTable} from './table.js';
import {EXIT, type Terminal} from './terminal.js';

export type RunOptions = ProjectOptions & {
  readonly failFast?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
};

export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  if (options.dryRun) return planCommand(options, terminal);
  const began = Date.now();
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const seconds = (): number => (Date.now() - began) / 1000;
  const done = allCached(project);
  if (done)
    return finish(
      project,
      options,
      terminal,
      reporter(project, options, terminal, true),
      {ending: 'done', counts: done},
      seconds(),
    );

  const held = lock(project.runs.controller, new Date());
  if (held.kind === 'busy') {
    const {pid, host, since} = held.by;
    terminal.err(`another "ptb pipeline run" works on this project: process ${pid} on ${host} since ${since}\n`);
    terminal.err('watch it with: ptb pipeline status\n');
    return EXIT.notReady;
  }
  try {
    if (held.tookOver) terminal.err(`took over from process ${held.tookOver.pid}, which ended without a word\n`);
    const prepared = await prepare(project, terminal);
    if (!prepared) return EXIT.notReady;
    const emit = reporter(project, options, terminal, false);
    const end = await runSteps({...prepared, emit, onFailure: options.failFast ? 'finish-running' : 'keep-going'});
    return finish(project, options, terminal, emit, end, seconds());
  } finally {
    held.release();
  }
}

/** A run with nothing to do needs no lock, no sandbox and no journal. */
function allCached(project: Project): Counts | undefined {
  const {verdicts, ledger} = planProject(project);
  ledger.save();
  const cached = [...verdicts.values()].every(({kind}) => kind === 'cached');
  return cached ? {cached: verdicts.size, done: 0, failed: 0, blocked: 0, waiting: 0, running: 0} : undefined;
}

async function prepare(project: Project, terminal: Terminal) {
  const {pipeline, graph, runs, files, rerun} = project;
  const {env} = terminal;
  // Scripts outside the sandbox may call ptb and node themselves.
  const own = [fileURLToPath(new URL('../bin', import.meta.url)), dirname(process.execPath)];
  const path = [...own, env.PATH ?? '/usr/bin:/bin'].join(':');
  const tools = fileURLToPath(new URL('../tools/bin', import.meta.url));
  const sandbox = await findSandbox(pipeline.sandbox, path, tools);
  if (sandbox.kind === 'not-ready') {
    terminal.err(`${sandbox.message}\n  ${terminal.paintErr('blue', 'remedy')}: ${sandbox.remedy}\n`);
    return undefined;
  }
  const gpus = [...graph.steps.values()].some(({spec}) => spec.resources.gpus > 0) ? await findGpus() : [];
  const ledger = new Ledger(runs.results, runs.ledger);
  const signals = listen();
  return {
    graph,
    files,
    runs,
    rerun,
    ledger,
    history: new StoredHistory(runs, ledger),
    signals,
    executorKind: pipeline.executor.use,
    executor: local({
      capacity: capacityOf(pipeline.executor, gpus),
      gpus: gpus.map(({uuid}) => uuid),
      leases: join(tmpdir(), 'ptb-gpus'),
      path,
      onExit: signals.ring,
    }),
    machine: {
      sandbox,
      path,
      home: env.HOME ?? '/',
      secret: (name: string) => env[name],
      devices: gpus.length > 0 ? gpuDevices() : [],
      version: terminal.version,
    },
  };
}

function reporter(project: Project, options: RunOptions, terminal: Terminal, nothingToDo: boolean): Emit {
  const {graph, pipeline, runs} = project;
  const listeners: Emit[] = [];
  if (!nothingToDo) {
    const journal = openJournal(runs.journal, new Date());
    listeners.push(journal);
  }
  if (options.json) {
    listeners.push((event) => {
      if (event.kind === 'end') return;
      const {kind, ...rest} = event;
      terminal.out(`${JSON.stringify({version: 1, event: kind, ...rest})}\n`);
    });
  } else if (!options.quiet) {
    listeners.push(
      terminal.live && !nothingToDo
        ? liveReporter(graph, process.stderr, terminal.paintErr)
        : lineReporter(terminal.err, terminal.paintErr),
    );
  }
  const emit = toAll(...listeners);
  emit({kind: 'begin', pipeline: pipeline.name, steps: graph.steps.size, cells: graph.cells.length});
  return emit;
}

const CODES: Readonly<Record<Ending, number>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  detached: EXIT.interrupted,
  stopped: EXIT.interrupted,
};

function finish(
  project: Project,
  options: RunOptions,
  terminal: Terminal,
  emit: Emit,
  {ending, counts}: {readonly ending: Ending; readonly counts: Counts},
  seconds: number,
): number {
  const exit = CODES[ending];
  emit({kind: 'end', ending, counts, seconds});
  if (options.json) terminal.out(`${JSON.stringify({version: 1, event: 'end', exit, counts, seconds})}\n`);
  else terminal.out(projectTable(project, 'text', terminal));
  return exit;
}
