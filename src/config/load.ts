import {existsSync} from 'node:fs';
import {basename, dirname, resolve} from 'node:path';
import {ok, type Issue, type Result} from '../base/issue.js';
import {asText, isObject, member, type JsonObject} from '../base/json.js';
import {checkStages} from './check.js';
import {loadCatalog} from './load-catalog.js';
import {loadStages} from './load-stages.js';
import {loadLock} from './load-lock.js';
import type {Located} from './located.js';
import {matrixOf} from './matrix.js';
import {overlay, PROFILE_FILE} from './overlay.js';
import {gpuHourUsdOf, limitsOf, type Pipeline} from './pipeline.js';
import {projectFiles, type Files} from './read.js';
import {checkSandbox, sandboxOf} from './sandbox.js';
import {schema} from './schemas.js';
import {checkScore, scoreOf} from './score.js';
import {SET_FILE} from './set.js';
import {deviations} from './shape.js';

export type Request = {
  readonly file: string;
  readonly profiles: readonly string[];
  readonly sets: readonly string[];
  /** `${{ ptb.version }}`. */
  readonly version: string;
};

export type Loaded = {
  readonly pipeline: Result<Pipeline>;
  /** The texts that issues point into, by the name that the issue gives. */
  readonly sources: ReadonlyMap<string, string>;
};

/** pipeline.yaml as it is written, whatever it says. */
export function loadWritten(file: string): {readonly written: Result<Located>; readonly sources: Loaded['sources']} {
  const files = projectFiles(file);
  return {written: readWritten(file, files), sources: files.sources};
}

function readWritten(file: string, files: Files): Result<Located> {
  const written = files.yaml(basename(file), {file: files.shown(basename(file)), line: 1, column: 1});
  return written.ok ? written : {ok: false, issues: written.issues.map((issue) => withWayOut(issue, file))};
}

/** Reads pipeline.yaml and all that it names. Reports every mistake that can be seen at once. */
export function load(request: Request): Loaded {
  const files = projectFiles(request.file);
  const pipeline = assemble(request, files);
  const flags = [
    [SET_FILE, request.sets.join('\n')],
    [PROFILE_FILE, request.profiles.join('\n')],
  ] as const;
  return {pipeline, sources: new Map([...files.sources, ...flags])};
}

function assemble(request: Request, files: Files): Result<Pipeline> {
  const written = readWritten(request.file, files);
  if (!written.ok) return written;
  const overlaid = overlay(written.value, request.profiles, request.sets);
  if (!overlaid.ok) return overlaid;
  const source = overlaid.value;

  const root = resolve(dirname(request.file));
  const wrong = deviations(source, schema('pipeline')!, 'the pipeline');
  const isSound = (section: string): boolean =>
    member(source.value, section) !== undefined &&
    !wrong.some(({path}) => path === `/${section}` || path.startsWith(`/${section}/`));
  const matrix = isSound('matrix') ? matrixOf(source) : undefined;
  const stages = loadStages(source, files);
  const hasCatalog = isSound('catalog') || member(source.value, 'catalog') === undefined;
  const catalog = matrix?.ok && hasCatalog ? loadCatalog(source, matrix.value, files) : undefined;
  const lock = loadLock(request.file, files);
  const issues = [
    ...wrong.map(({issue}) => issue),
    ...[matrix, catalog, lock].flatMap((part) => (!part || part.ok ? [] : part.issues)),
    ...stages.issues,
    ...checkStages(stages, matrix?.ok ? [...matrix.value.axes.keys()] : undefined, files),
    ...(isSound('sandbox') ? checkSandbox(source, root, stages.used, (name) => stages.broken.includes(name)) : []),
    ...(isSound('score') ? checkScore(source, stages.used, (name) => stages.broken.includes(name)) : []),
  ];
  if (issues.length > 0) return {ok: false, issues};
  if (!matrix?.ok || !catalog?.ok || !lock.ok) throw new Error('internal: a failed part without an issue');

  const {name, executor, sandbox, score, prices, limits, ...others} = source.value as JsonObject;
  const {matrix: _matrix, catalog: _catalog, stages: _stages, profiles: _profiles, ...settings} = others;
  return ok({
    name: asText(name),
    root,
    matrix: matrix.value,
    catalog: catalog.value,
    settings: {
      name: asText(name),
      ...settings,
      ...(score === undefined ? {} : {score}),
      ptb: {version: request.version},
    },
    pins: lock.value,
    stages: stages.used,
    executor: {use: 'local', ...(isObject(executor) ? executor : {})},
    sandbox: sandboxOf(sandbox, root),
    score: scoreOf(score),
    gpuHourUsd: gpuHourUsdOf(prices, member(others.gpus, 'name')),
    limits: limitsOf(limits),
    source,
  });
}

/** Whoever has no pipeline at hand is told how to name one. */
function withWayOut(issue: Issue, file: string): Issue {
  if (issue.code !== 'missing-file' || issue.hint !== undefined) return issue;
  const other = file.replace(/\.(ya?ml)$/, (_, ending: string) => (ending === 'yaml' ? '.yml' : '.yaml'));
  const hint =
    other !== file && existsSync(resolve(other))
      ? `there is ${other}: name it with -f ${other}`
      : 'name the pipeline with -f FILE, or change into its folder';
  return {...issue, hint};
}
