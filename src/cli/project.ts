import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {fail, ok, onePerPlace, type Issue, type Result} from '../base/issue.js';
import {load} from '../config/load.js';
import {placeOf} from '../config/located.js';
import type {Pipeline} from '../config/pipeline.js';
import {likelyTypos} from '../graph/limits.js';
import {graphOf, oneOfEachSpec, type Graph} from '../graph/graph.js';
import {drawIssues, drawWarnings} from '../report/issues.js';
import type {Rerun} from '../plan/plan.js';
import {ProjectFiles} from '../store/files.js';
import {ImageDigests} from '../store/images.js';
import {runsAt, type Runs} from '../store/paths.js';
import {checkStage, ONLY_FILE, parseOnly, parseRerun, RERUN_FILE, UNTIL_FILE} from './select.js';
import type {Terminal} from './terminal.js';

/** Flags that say which pipeline, and which part of it. */
export type ProjectOptions = {
  readonly file: string;
  readonly profile: readonly string[];
  readonly set: readonly string[];
  readonly only?: readonly string[];
  readonly until?: string;
  readonly offline?: boolean;
  readonly rerun?: readonly string[];
};

/** A pipeline that can be planned: everything was checked that can be without running. */
export type Project = {
  readonly pipeline: Pipeline;
  readonly graph: Graph;
  readonly files: ProjectFiles;
  readonly runs: Runs;
  readonly rerun: Rerun;
  /** What may be a mistake, drawn. */
  readonly warnings: string;
};

/** Undefined when the input is wrong; the mistakes are then printed. */
export function openProject(options: ProjectOptions, terminal: Terminal): Project | undefined {
  const {only = [], rerun = [], until} = options;
  const {pipeline, sources} = load({
    file: options.file,
    profiles: options.profile,
    sets: options.offline ? [...options.set, 'hub.offline=true'] : options.set,
    version: terminal.version,
  });
  const project = pipeline.ok ? assemble(pipeline.value, {only, rerun, until}) : pipeline;
  if (project.ok) {
    const warnings = likelyTypos(project.value.pipeline.limits, project.value.graph);
    return {...project.value, warnings: drawWarnings(warnings, sources, terminal.paintErr)};
  }
  const flags = [
    [ONLY_FILE, only.join('\n')],
    [RERUN_FILE, rerun.join('\n')],
    [UNTIL_FILE, until ?? ''],
  ] as const;
  terminal.err(drawIssues(project.issues, new Map([...sources, ...flags]), terminal.paintErr));
  return undefined;
}

type Part = {readonly only: readonly string[]; readonly rerun: readonly string[]; readonly until: string | undefined};

function assemble(pipeline: Pipeline, part: Part): Result<Omit<Project, 'warnings'>> {
  const patterns = parseOnly(pipeline, part.only);
  const rerun = parseRerun(pipeline, part.rerun);
  const until =
    part.until === undefined ? ok(undefined) : checkStage(pipeline, part.until, {file: UNTIL_FILE, line: 1, column: 1});
  const flags = [patterns, rerun, until].flatMap((result) => (result.ok ? [] : result.issues));
  if (!patterns.ok || !rerun.ok || !until.ok) {
    const whole = graphOf(pipeline, {only: []});
    return fail(...(whole.ok ? [] : whole.issues), ...flags);
  }
  const graph = graphOf(pipeline, {only: patterns.value, ...(until.value === undefined ? {} : {until: until.value})});
  if (!graph.ok) return graph;
  const runs = runsAt(join(pipeline.root, 'runs'));
  const files = new ProjectFiles(pipeline.root, new ImageDigests(runs.sandbox));
  const missing = [...missingReads(graph.value, files), ...missingImages(graph.value, pipeline)];
  if (missing.length > 0) return fail(...missing);
  return ok({pipeline, graph: graph.value, files, runs, rerun: rerun.value});
}

/** Images given as files that are not there. */
function missingImages(graph: Graph, {source}: Pipeline): Issue[] {
  const paths = [...oneOfEachSpec(graph)].flatMap(({spec: {image}}) => (image.kind === 'file' ? [image.path] : []));
  return [...new Set(paths)]
    .filter((path) => !existsSync(path))
    .map((path) => ({
      code: 'missing-file',
      message: `there is no image ${path}`,
      at: placeOf(source, '/sandbox/image'),
      hint: 'build it with: apptainer build FILE.sif containers/standard.def; or let a stage do it, with image: environment/image.sif',
    }));
}

function missingReads(graph: Graph, files: ProjectFiles): Issue[] {
  const issues = [...oneOfEachSpec(graph)].flatMap((step) =>
    files.missing(step).map(({path, at}): Issue => ({
      code: 'missing-file',
      message: `stage "${step.stage.name}" reads ${path}, which does not exist`,
      at,
      hint: 'create it, or end its look-up in ? where the file may be absent',
    })),
  );
  return onePerPlace(issues);
}
