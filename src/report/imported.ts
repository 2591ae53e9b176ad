import {join} from 'node:path';
import {fits, type Shape} from '../base/fits.js';
import {isObject, member, type Json, type JsonObject} from '../base/json.js';
import type {Axes} from '../matrix/cell.js';
import {isSameBenchmark} from '../score/benchmark.js';
import type {Fate, Metrics, Verdict} from '../score/evidence.js';
import type {Imported, ImportedCell} from '../score/imported.js';
import {asFolder} from '../score/upstream.js';
import {list, readJson} from '../store/write.js';
import type {TreeRecord, TreeRun} from './upstream.js';

/** The fields behind each value of the model axis. */
export type Models = ReadonlyMap<string, JsonObject>;

const RUN: Shape = {
  method: 'text',
  folder: 'text',
  benchmark: 'text',
  model: 'text',
  replicate: 'text',
  hours: 'number or null',
  gpus: 'number',
  accuracy: 'number or null',
  stderr: 'number or null',
  n: 'number',
  seconds: 'number or null',
};

const isRun = (run: Json): boolean =>
  fits(run, RUN) &&
  (member(run, 'lacking') === null || fits(member(run, 'lacking'), {kind: ['missing', 'failed'], because: 'text'})) &&
  (fits(member(run, 'verdict'), {because: 'text'}) ||
    fits(member(run, 'verdict'), {flagged: 'boolean', flags: 'texts', findings: 'list'}));

const isTree = (record: JsonObject): boolean =>
  fits(record, {name: 'text', from: 'text', runs: 'list'}) && (record.runs as readonly Json[]).every(isRun);

export const importedFolder = (runs: string): string => join(runs, 'imported');

/** The trees that were imported, their models and benchmarks under this pipeline's names where it has them. */
export const importedTrees = (runs: string, models: Models, benchmarks: readonly string[]): Imported[] =>
  list(importedFolder(runs)).flatMap((name) => {
    const record = name.endsWith('.json') ? readJson(join(importedFolder(runs), name)) : undefined;
    return isObject(record) && record.version === 1 && isTree(record)
      ? [importedOf(record as unknown as TreeRecord, models, benchmarks)]
      : [];
  });

/** Upstream's own evaluations of models before any agent: only the zero-shot ones may stand in for a cell. */
const BASELINE = /^baseline(?:_|$)/;
const ZERO_SHOT = /^baseline_zeroshot(?:_|$)/;

export function importedOf({name, from, runs}: TreeRecord, models: Models, benchmarks: readonly string[]): Imported {
  const named = (run: TreeRun): Axes => ({
    agent: run.method,
    model: modelName(run.model, models),
    benchmark: benchmarks.find((benchmark) => isSameBenchmark(benchmark, run.benchmark)) ?? run.benchmark,
    replicate: run.replicate,
  });
  const isJudged = runs.some(({verdict}) => 'flagged' in verdict);
  return {
    name,
    from,
    cells: runs
      .filter(({method}) => !BASELINE.test(method))
      .map((run): ImportedCell => {
        const at = named(run);
        return {
          at,
          metrics: metricsOf(run),
          // A tree without any judge's file was made before there were judges.
          verdict: isJudged ? verdictOf(run) : {kind: 'known', value: {flagged: false, flags: [], findings: []}},
          work: run.folder,
          seconds: run.seconds,
          costUsd: null,
          hours: run.hours,
        };
      }),
    base: runs
      .filter(({method, model}) => ZERO_SHOT.test(method) && isBase(model, models))
      .map((run) => ({at: named(run), metrics: metricsOf(run)})),
  };
}

const metricsOf = ({accuracy, stderr, n, lacking}: TreeRun): Fate<Metrics> =>
  lacking?.kind === 'failed'
    ? {kind: 'failed', because: lacking.because}
    : {kind: 'known', value: {accuracy, stderr, n, ...(lacking ? {because: lacking.because} : {})}};

const verdictOf = ({verdict}: TreeRun): Fate<Verdict> =>
  'flagged' in verdict ? {kind: 'known', value: verdict} : {kind: 'failed', because: verdict.because};

const isNamed = (fields: JsonObject, key: string, folder: string): boolean => {
  const name = fields[key];
  return typeof name === 'string' && asFolder(name).toLowerCase() === folder.toLowerCase();
};

const modelName = (folder: string, models: Models): string =>
  [...models].find(([, fields]) => isNamed(fields, 'base', folder) || isNamed(fields, 'instruct', folder))?.[0] ??
  folder;

/** Of a model that the pipeline does not know, whatever stands there. */
const isBase = (folder: string, models: Models): boolean =>
  ![...models.values()].some((fields) => isNamed(fields, 'instruct', folder));
