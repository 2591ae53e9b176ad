import {canonical} from '../base/canonical.js';
import type {ScoreSettings} from '../config/pipeline.js';
import {describeAxes, project, type Axes} from '../matrix/cell.js';
import {auditNotes} from './audit.js';
import {weigh, type Weights} from './average.js';
import {plainCell, scoreCell, type CellScore} from './cell.js';
import type {Evidence} from './evidence.js';
import {importedRows, type Imported, type ImportedScore} from './imported.js';
import {columnsOf, describePublished, placedRows} from './published/place.js';
import type {PublishedVersion} from './published/rows.js';
import {agentRows, BENCHMARK, benchmarkOf, meanOfCells, MODEL, rowOf, type Row} from './row.js';

export type Table = {
  readonly average: ScoreSettings['average'];
  /** The columns: those of the average first. */
  readonly benchmarks: readonly string[];
  /** What the average is over. */
  readonly averaged: readonly string[];
  /** Of the average, one for each benchmark; null where there is none. */
  readonly weights: Weights;
  readonly rows: readonly Row[];
  /** Of this pipeline, in its order; then those imported. */
  readonly cells: readonly CellScore[];
  readonly imported: readonly ImportedScore[];
  readonly warnings: readonly string[];
  /** What a reader must know that is no reason for doubt. */
  readonly remarks: readonly string[];
};

/** What tells baseline scores apart, whatever the order of the axes. */
export const perModelAndBenchmark = (at: Axes): string => canonical(project(at, [MODEL, BENCHMARK]));

/** Rows that were not run here. */
export type Others = {readonly imported?: readonly Imported[]; readonly published?: PublishedVersion};

/**
 * The averaged score table: cell → mean over models per benchmark → average over benchmarks, for each replicate; then mean
 * and sample standard deviation over replicates. With published rows every average is theirs: over the same benchmarks, with
 * the same weights, and a row that lacks one of them has none.
 */
export function tableOf(evidence: Evidence, settings: ScoreSettings, {imported = [], published}: Others = {}): Table {
  const base = new Map(
    (evidence.baselines.get('base') ?? []).map(({at, metrics}) => [perModelAndBenchmark(at), metrics]),
  );
  const cells = evidence.cells.map((cell) => scoreCell(cell, base.get(perModelAndBenchmark(cell.at)), settings));
  const own = [
    ...new Set([...evidence.cells, ...[...evidence.baselines.values()].flat()].map(({at}) => benchmarkOf(at))),
  ];
  const baselines = new Map(
    [...evidence.baselines].map(([name, list]) => [name, list.map(({at, metrics}) => plainCell(at, metrics))]),
  );
  const {averaged, weights, warnings} =
    published === undefined
      ? {averaged: own, ...weigh(settings.average, own, baselineMeans(baselines, own))}
      : {...columnsOf(published, own), warnings: []};
  const foreign = imported.flatMap((tree) => tree.cells.map(({at}) => benchmarkOf(at)));
  const isWhole = averaged.every((benchmark) => own.includes(benchmark));
  const benchmarks = [...new Set(isWhole ? [...own, ...foreign] : [...averaged, ...own, ...foreign])];
  const columns = {benchmarks, averaged, weights};
  const others = imported.map((tree) =>
    importedRows(tree, (at) => base.get(perModelAndBenchmark(at)), columns, settings),
  );
  const importedCells = others.flatMap((other) => other.cells);
  const ownRows = [
    ...[...baselines].map(([name, list]) => rowOf(name, 'baseline', list, columns)),
    ...agentRows(cells, evidence.cells, columns),
  ];
  const audits = auditNotes(evidence.cells);
  // Where a row can have no average, one without any score says nothing.
  const rows = published === undefined || isWhole ? ownRows : ownRows.filter(hasScore);
  return {
    average: published === undefined ? settings.average : published === 'v1' ? 'published-v1' : 'plain',
    ...columns,
    rows: [
      ...rows,
      ...others.flatMap((other) => other.rows),
      ...(published === undefined ? [] : placedRows(published, columns)),
    ],
    cells: [...cells, ...importedCells.map(({score}) => score)],
    imported: importedCells,
    warnings: [
      ...warnings,
      ...sandboxWarning(evidence),
      ...audits.warnings,
      ...(evidence.accepted ?? []),
      ...(evidence.overrideProblems ?? []),
    ],
    remarks: [
      ...audits.remarks,
      ...others.flatMap(({remarks}) => remarks),
      ...(published === undefined && benchmarks.length > averaged.length
        ? [`the average is over ${averaged.join(', ')}`]
        : []),
      ...(published === undefined ? [] : describePublished(published, own)),
      ...partialCosts(evidence),
      ...(rows.length < ownRows.length ? [`left out: ${ownRows.length - rows.length} rows without any score`] : []),
    ],
  };
}

const baselineMeans =
  (baselines: ReadonlyMap<string, readonly CellScore[]>, benchmarks: readonly string[]) =>
  (row: string): (number | null)[] =>
    benchmarks.map((benchmark) =>
      meanOfCells((baselines.get(row) ?? []).filter(({at}) => benchmarkOf(at) === benchmark)),
    );

const hasScore = ({benchmarks}: Row): boolean => [...benchmarks.values()].some(({score}) => score !== null);

function partialCosts({cells}: Evidence): string[] {
  const partial = new Set(
    cells.flatMap(({at, work, costIsPartial}) => (costIsPartial ? [work ?? describeAxes(at)] : [])),
  );
  if (partial.size === 0) return [];
  const whose = partial.size === 1 ? 'one step' : `${partial.size} steps`;
  return [`cost: of ${whose} a part is not known, so that it is at least what stands there`];
}

const sandboxWarning = ({sandboxes}: Evidence): string[] =>
  sandboxes.includes('none')
    ? ['some steps ran without a sandbox: agents could read this machine, the project and other jobs']
    : [];
