import {groupBy} from '../base/group.js';
import {describeAxes, project, type Axes} from '../matrix/cell.js';
import {mean, sampleStd, weighted} from './arithmetic.js';
import type {Weights} from './average.js';
import {CAUSES, type Cause, type CellScore} from './cell.js';
import type {CellEvidence} from './evidence.js';

export type BenchmarkScore = {
  /** Null while a cell of it is absent. */
  readonly score: number | null;
  readonly std: number | null;
  /** Cells that have a score. */
  readonly cells: number;
  readonly substituted: number;
};

export type Row = {
  readonly name: string;
  readonly kind: 'agent' | 'baseline' | 'imported' | 'published';
  /** Its values on the axes that tell rows apart; empty but for agents of this pipeline. */
  readonly at: Axes;
  readonly score: number | null;
  readonly std: number | null;
  readonly replicates: number;
  /** The budget, where it is an axis. */
  readonly hours: number | null;
  /** Mean wall time that the agent worked. */
  readonly timeHours: number | null;
  /** Sum over its cells; null where no cell reports it. */
  readonly costUsd: number | null;
  readonly benchmarks: ReadonlyMap<string, BenchmarkScore>;
  /** All cells of the row, those without a score too. */
  readonly cells: number;
  readonly substitutions: {readonly [cause in Cause]: number};
};

/** What a table's rows stand under, and which of it they are averaged over. */
export type Columns = {
  readonly benchmarks: readonly string[];
  readonly averaged: readonly string[];
  readonly weights: Weights;
};

/** Axes with a meaning of their own in a table; every other axis tells rows apart. */
export const MODEL = 'model';
export const BENCHMARK = 'benchmark';
const REPLICATE = 'replicate';
/** Evaluations of one model under several seeds: their mean is the cell's score. */
const SEED = 'seed';
const INNER = [MODEL, BENCHMARK, REPLICATE, SEED];

export const benchmarkOf = (at: Axes): string => at[BENCHMARK] ?? 'all';
const replicateOf = (at: Axes): string => at[REPLICATE] ?? '1';

/** Of what a cell is a cell: its row, as the values that tell rows apart. */
export const rowAxes = (at: Axes): Axes =>
  project(
    at,
    Object.keys(at).filter((axis) => !INNER.includes(axis)),
  );

/** Mean over models of the mean over evaluation seeds; null when there is no cell or one lacks its score. */
export function meanOfCells(cells: readonly CellScore[]): number | null {
  if (cells.length === 0 || cells.some(({score}) => score === null)) return null;
  const models = groupBy(cells, ({at}) => at[MODEL]);
  return mean([...models.values()].map((list) => mean(list.map(({score}) => score!))));
}

export function averageOf(means: readonly (number | null)[], weights: Weights): number | null {
  if (weights === null || means.includes(null)) return null;
  return weights === 'plain' ? mean(means as number[]) : weighted(means as number[], weights);
}

/** One row for each combination of the other axes, named by those on which the rows differ. */
export function agentRows(cells: readonly CellScore[], evidence: readonly CellEvidence[], columns: Columns): Row[] {
  const groups = [
    ...groupBy(
      cells.map((cell, n) => ({cell, evidence: evidence[n]!})),
      ({cell}) => describeAxes(rowAxes(cell.at)),
    ).values(),
  ].map((list) => ({at: rowAxes(list[0]!.cell.at), list}));
  const varied = Object.keys(groups[0]?.at ?? {}).filter((axis) => new Set(groups.map(({at}) => at[axis])).size > 1);
  return groups.map(({at, list}) => {
    const [first, ...rest] = Object.entries(at);
    const name = [
      first?.[1] ?? 'all',
      ...rest.filter(([axis]) => varied.includes(axis)).map(([axis, value]) => `${axis}=${value}`),
    ].join(' ');
    const own = list.map(({cell}) => cell);
    const row = rowOf(name, 'agent', own, columns);
    const hours = at.hours === undefined ? null : Number(at.hours);
    return {...row, ...spent(list.map((one) => one.evidence)), at, hours};
  });
}

/** Time and money of the agent's own work: cells that share it, as evaluation seeds do, count it once. */
function spent(evidence: readonly CellEvidence[]): Pick<Row, 'timeHours' | 'costUsd'> {
  const own = [...new Map(evidence.map((cell, n) => [cell.work ?? n, cell])).values()];
  const seconds = own.flatMap((cell) => cell.seconds ?? []);
  const costs = own.flatMap((cell) => cell.costUsd ?? []);
  return {
    timeHours: seconds.length === 0 ? null : mean(seconds) / 3600,
    costUsd: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0),
  };
}

/** The score of each replicate first, then their mean and sample standard deviation; the same for each benchmark. */
export function rowOf(
  name: string,
  kind: Row['kind'],
  cells: readonly CellScore[],
  {benchmarks, averaged, weights}: Columns,
): Row {
  const replicates = [...groupBy(cells, ({at}) => replicateOf(at)).values()];
  const perReplicate = replicates.map((list) => {
    const byBenchmark = groupBy(list, ({at}) => benchmarkOf(at));
    return new Map(benchmarks.map((benchmark) => [benchmark, meanOfCells(byBenchmark.get(benchmark) ?? [])]));
  });
  const byBenchmark = groupBy(cells, ({at}) => benchmarkOf(at));
  return {
    name,
    kind,
    at: {},
    ...spread(
      perReplicate.map((means) =>
        averageOf(
          averaged.map((benchmark) => means.get(benchmark)!),
          weights,
        ),
      ),
    ),
    replicates: replicates.length,
    hours: null,
    timeHours: null,
    costUsd: null,
    benchmarks: new Map(
      benchmarks.map((benchmark) => {
        const own = byBenchmark.get(benchmark) ?? [];
        return [
          benchmark,
          {
            ...spread(perReplicate.map((means) => means.get(benchmark)!)),
            cells: own.filter(({score}) => score !== null).length,
            substituted: own.filter((cell) => cell.kind === 'substituted').length,
          },
        ];
      }),
    ),
    cells: cells.length,
    substitutions: Object.fromEntries(
      CAUSES.map((cause) => [cause, cells.filter((cell) => cell.cause === cause).length]),
    ) as Row['substitutions'],
  };
}

const spread = (scores: readonly (number | null)[]): {readonly score: number | null; readonly std: number | null} =>
  scores.length === 0 || scores.includes(null)
    ? {score: null, std: null}
    : {score: mean(scores as number[]), std: sampleStd(scores as number[])};
