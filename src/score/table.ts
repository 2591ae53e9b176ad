import {canonical} from '../base/canonical.js';
import type {ScoreSettings} from '../config/pipeline.js';
import {project, type Axes} from '../matrix/cell.js';
import {weigh, type Weights} from './average.js';
import {plainCell, scoreCell, type CellScore} from './cell.js';
import type {Evidence} from './evidence.js';
import {agentRows, BENCHMARK, benchmarkOf, meanOfCells, MODEL, rowOf, type Row} from './row.js';

export type Table = {
  readonly average: ScoreSettings['average'];
  readonly benchmarks: readonly string[];
  /** Of the average, one for each benchmark; null where there is none. */
  readonly weights: Weights;
  readonly rows: readonly Row[];
  readonly cells: readonly CellScore[];
  readonly warnings: readonly string[];
  /** What a reader must know that is no reason for doubt. */
  readonly remarks: readonly string[];
};

/** What tells baseline scores apart, whatever the order of the axes. */
export const perModelAndBenchmark = (at: Axes): string => canonical(project(at, [MODEL, BENCHMARK]));

/**
 * The averaged score table: cell → mean over models per benchmark → average over benchmarks, for each replicate; then mean
 * and sample standard deviation over replicates.
 */
export function tableOf(evidence: Evidence, settings: ScoreSettings): Table {
  const base = new Map(
    (evidence.baselines.get('base') ?? []).map(({at, metrics}) => [perModelAndBenchmark(at), metrics]),
  );
  const cells = evidence.cells.map((cell) => scoreCell(cell, base.get(perModelAndBenchmark(cell.at)), settings));
  const benchmarks = [
    ...new Set([...evidence.cells, ...[...evidence.baselines.values()].flat()].map(({at}) => benchmarkOf(at))),
  ];
  const baselineCells = new Map(
    [...evidence.baselines].map(([name, list]) => [name, list.map(({at, metrics}) => plainCell(at, metrics))]),
  );
  const {weights, warnings} = weigh(settings.average, benchmarks, (row) =>
    benchmarks.map((benchmark) =>
      meanOfCells((baselineCells.get(row) ?? []).filter(({at}) => at[BENCHMARK] === benchmark)),
    ),
  );
  return {
    average: settings.average,
    benchmarks,
    weights,
    rows: [
      ...[...baselineCells].map(([name, list]) => rowOf(name, 'baseline', list, benchmarks, weights)),
      ...agentRows(cells, evidence.cells, benchmarks, weights),
    ],
    cells,
    warnings: [...warnings, ...sandboxWarning(evidence), ...(evidence.accepted ?? [])],
    remarks: [],
  };
}

const sandboxWarning = ({sandboxes}: Evidence): string[] =>
  sandboxes.includes('none')
    ? ['some steps ran without a sandbox: agents could read this machine, the project and other jobs']
    : [];
