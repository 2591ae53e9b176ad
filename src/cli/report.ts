import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {buildSite, NotOurs} from '../report/site/build.js';
import {gather} from '../report/site/gather.js';
import type {SiteData} from '../report/site/model.js';
import {onlooker} from '../run/find-executor.js';
import {statusOf} from '../run/status.js';
import {unsettledAttempts} from '../store/attempt.js';
import {planProject} from './planned.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {serve, stateOf} from './serve.js';
import {fieldOf, parseWith, projectTable, sayUnknownWith, type With} from './table.js';
import {EXIT, type Terminal} from './terminal.js';

const ASSETS = fileURLToPath(new URL('../report/site/assets/', import.meta.url));

export type ReportCommandOptions = ProjectOptions & {
  readonly out?: string;
  readonly with?: string;
  readonly serve?: boolean | string;
};

export async function reportCommand(options: ReportCommandOptions, terminal: Terminal): Promise<number> {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const wanted = parseWith(options.with);
  if (wanted.kind === 'unknown') return sayUnknownWith(options.with!, terminal);
  const out = resolve(options.out ?? join(project.runs.root, 'report'));
  // Before the first build: what is committed while it is made is to be shown too.
  const shown = stateOf(project);
  try {
    await build(project, wanted, out, terminal);
  } catch (error) {
    if (!(error instanceof NotOurs)) throw error;
    terminal.err(`${error.message}\n`);
    return EXIT.badInput;
  }
  terminal.out(`${join(out, 'index.html')}\n`);
  if (options.serve === undefined || options.serve === false) return EXIT.done;
  return serve(options, out, terminal, shown, async (again) => build(again, wanted, out, terminal));
}

async function build(project: Project, wanted: With, out: string, terminal: Terminal): Promise<void> {
  const {pipeline} = project;
  buildSite(out, ASSETS, await gatherProject(project, wanted, terminal), pipeline.score, fieldOf(project));
}

/** All that is known of a project's run, as it stands. */
export async function gatherProject(project: Project, wanted: With, terminal: Terminal): Promise<SiteData> {
  const {graph, pipeline, runs} = project;
  const {verdicts, history} = planProject(project, 'as-found');
  const open = unsettledAttempts(runs.attempts);
  const looker = onlooker((name) => terminal.env[name]);
  const status = await statusOf(graph, verdicts, history, open, looker, new Date());
  return gather({
    root: pipeline.root,
    graph,
    plan: verdicts,
    history,
    status,
    table: projectTable(project, wanted, {verdicts, history}),
    settings: pipeline.score,
    frame: {name: pipeline.name, version: terminal.version, made: new Date().toISOString()},
  });
}
