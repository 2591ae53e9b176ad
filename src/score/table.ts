import {canonical} from '../base/canonical.js';
import {unreachable} from '../base/unreachable.js';
import type {ScoreSettings} from '../config/pipeline.js';
import {describeAxes, project, type Axes} from '../matrix/cell.js';
import {inverseHeadroom, mean, sampleStd, weighted} from './arithmetic.js';
import type {CellEvidence, Evidence, Fate, Metrics} from './evidence.js';

/** What the table reads for a cell. */
export type CellScore = {
  readonly at: Axes;
  /** As measured, before any substitution. */
  readonly raw: number | null;
  readonly score: number | null;
  readonly kind: 'measured' | 'substituted' | 'absent';
  readonly because: readonly string[];
};

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
  readonly kind: 'agent' | 'baseline' | 'published';
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
};

export type Table = {
  readonly average: ScoreSettings['average'];
  readonly benchmarks: readonly string[];
  readonly rows: readonly Row[];
  readonly cells: readonly CellScore[];
  readonly warnings: readonly string[];
};

/** Axes with a meaning of their own in a table; every other axis tells rows apart. */
const MODEL = 'model';
const BENCHMARK = 'benchmark';
const REPLICATE = 'replicate';

const perModelAndBenchmark = (at: Axes): string => canonical(project(at, [MODEL, BENCHMARK]));

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
    ...new Set([...evidence.cells, ...[...evidence.baselines.values()].flat()].map(({at}) => at[BENCHMARK] ?? 'all')),
  ];
  const baselineCells = new Map(
    [...evidence.baselines].map(([name, list]) => [name, list.map(({at, metrics}) => plainCell(at, metrics))]),
  );
  const {weights, warnings} = weigh(settings.average, benchmarks, baselineCells);
  const rows: Row[] = [
    ...[...baselineCells].map(([name, list]) => rowOf(name, 'baseline', list, [], benchmarks, weights)),
    ...agentRows(cells, evidence.cells, benchmarks, weights),
  ];
  return {
    average: settings.average,
    benchmarks,
    rows,
    cells,
    warnings: [...warnings, ...sandboxWarning(evidence), ...(evidence.accepted ?? [])],
  };
}

const sandboxWarning = ({sandboxes}: Evidence): string[] =>
  sandboxes.includes('none')
    ? ['some steps ran without a sandbox: agents could read this machine, the project and other jobs']
    : [];

const absent = (at: Axes, because: string): CellScore => ({
  at,
  raw: null,
  score: null,
  kind: 'absent',
  because: [because],
});

const plainCell = (at: Axes, metrics: Fate<Metrics>): CellScore => {
  if (metrics.kind === 'known' && metrics.value.accuracy !== null) {
    return {at, raw: metrics.value.accuracy, score: metrics.value.accuracy, kind: 'measured', because: []};
  }
  return absent(at, metrics.kind === 'known' ? (metrics.value.because ?? 'no score') : reasonOf(metrics));
};

const reasonOf = (fate: Fate<unknown>): string => (fate.kind === 'failed' ? fate.because : 'not yet run');

function scoreCell(cell: CellEvidence, base: Fate<Metrics> | undefined, settings: ScoreSettings): CellScore {
  const {at, metrics, verdict} = cell;
  if (metrics.kind === 'pending' || verdict.kind === 'pending') return absent(at, 'not yet run');
  const raw = metrics.kind === 'known' ? metrics.value.accuracy : null;
  const flags = verdict.kind === 'known' && verdict.value.flagged ? verdict.value : undefined;
  const missing =
    metrics.kind === 'failed' ? metrics.because : raw === null ? (metrics.value.because ?? 'no score') : undefined;
  const unaudited = verdict.kind === 'failed' ? `not audited: ${verdict.because}` : undefined;
  const because = [
    ...(flags ? flags.findings.map(({flag, summary}) => `flagged ${flag}: ${summary}`) : []),
    ...(missing === undefined ? [] : [missing]),
    ...(unaudited === undefined ? [] : [unaudited]),
  ];
  const policy =
    missing !== undefined || unaudited !== undefined ? settings.missing : flags ? settings.flagged : 'keep';
  switch (policy) {
    case 'keep':
      return {at, raw, score: raw, kind: 'measured', because};
    case 'zero':
      return {at, raw, score: 0, kind: 'substituted', because};
    case 'base': {
      const score = base?.kind === 'known' ? base.value.accuracy : null;
      if (score === null)
        return {
          ...absent(at, 'its base score is missing too'),
          raw,
          because: [...because, 'its base score is missing too'],
        };
      return {at, raw, score, kind: 'substituted', because};
    }
    default:
      return unreachable(policy);
  }
}

type Weights = readonly number[] | 'plain' | null;

function weigh(
  average: ScoreSettings['average'],
  benchmarks: readonly string[],
  baselines: ReadonlyMap<string, readonly CellScore[]>,
): {readonly weights: Weights; readonly warnings: readonly string[]} {
  if (average === 'plain') return {weights: 'plain', warnings: []};
  if (average !== 'inverse-headroom') {
    const lacking = benchmarks.filter((benchmark) => !Object.hasOwn(average.weights, benchmark));
    if (lacking.length > 0) {
      return {weights: null, warnings: [`no average: score.average.weights lacks ${lacking.join(', ')}`]};
    }
    return {weights: benchmarks.map((benchmark) => average.weights[benchmark]!), warnings: []};
  }
  const means = (name: string): (number | null)[] =>
    benchmarks.map((benchmark) =>
      meanOfCells((baselines.get(name) ?? []).filter(({at}) => at[BENCHMARK] === benchmark)),
    );
  const [base, instruct] = [means('base'), means('instruct')];
  if ([...base, ...instruct].some((value) => value === null)) {
    return {
      weights: null,
      warnings: ['no average yet: inverse-headroom needs the base and instruct scores of all benchmarks'],
    };
  }
  const weights = inverseHeadroom(base as number[], instruct as number[]);
  return weights
    ? {weights, warnings: []}
    : {weights: null, warnings: ['no average: on some benchmark the instruct models are not above the base models']};
}

/** Mean of cells, null when there are none or one lacks its score. */
function meanOfCells(cells: readonly CellScore[]): number | null {
  const scores = cells.map(({score}) => score);
  return scores.length === 0 || scores.includes(null) ? null : mean(scores as number[]);
}

function agentRows(
  cells: readonly CellScore[],
  evidence: readonly CellEvidence[],
  benchmarks: readonly string[],
  weights: Weights,
): Row[] {
  const groups = new Map<string, {at: Axes; cells: CellScore[]; evidence: CellEvidence[]}>();
  cells.forEach((cell, n) => {
    const at = rowAxes(cell.at);
    const id = describeAxes(at);
    const group = groups.get(id) ?? {at, cells: [], evidence: []};
    group.cells.push(cell);
    group.evidence.push(evidence[n]!);
    groups.set(id, group);
  });
  const all = [...groups.values()];
  const varied = Object.keys(all[0]?.at ?? {}).filter((axis) => new Set(all.map(({at}) => at[axis])).size > 1);
  return all.map((group) => {
    const [first, ...rest] = Object.entries(group.at);
    const name = [
      first?.[1] ?? 'all',
      ...rest.filter(([axis]) => varied.includes(axis)).map(([axis, value]) => `${axis}=${value}`),
    ];
    const hours = group.at.hours === undefined ? null : Number(group.at.hours);
    return {...rowOf(name.join(' '), 'agent', group.cells, group.evidence, benchmarks, weights), hours};
  });
}

const rowAxes = (at: Axes): Axes =>
  project(
    at,
    Object.keys(at).filter((axis) => ![MODEL, BENCHMARK, REPLICATE].includes(axis)),
  );

function rowOf(
  name: string,
  kind: Row['kind'],
  cells: readonly CellScore[],
  evidence: readonly CellEvidence[],
  benchmarks: readonly string[],
  weights: Weights,
): Row {
  const replicates = [...new Set(cells.map(({at}) => at[REPLICATE] ?? '1'))];
  const perReplicate = replicates.map((replicate) =>
    benchmarks.map((benchmark) =>
      meanOfCells(
        cells.filter(({at}) => (at[REPLICATE] ?? '1') === replicate && (at[BENCHMARK] ?? 'all') === benchmark),
      ),
    ),
  );
  const scores = perReplicate.map((means) => {
    if (weights === null || means.includes(null)) return null;
    return weights === 'plain' ? mean(means as number[]) : weighted(means as number[], weights);
  });
  const seconds = evidence.flatMap((cell) => cell.seconds ?? []);
  const costs = evidence.flatMap((cell) => cell.costUsd ?? []);
  return {
    name,
    kind,
    ...spread(scores),
    replicates: replicates.length,
    hours: null,
    timeHours: seconds.length === 0 ? null : mean(seconds) / 3600,
    costUsd: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0),
    benchmarks: new Map(
      benchmarks.map((benchmark, n) => {
        const own = cells.filter(({at}) => (at[BENCHMARK] ?? 'all') === benchmark);
        return [
          benchmark,
          {
            ...spread(perReplicate.map((means) => means[n]!)),
            cells: own.filter(({score}) => score !== null).length,
            substituted: own.filter((cell) => cell.kind === 'substituted').length,
          },
        ];
      }),
    ),
    cells: cells.length,
  };
}

const spread = (scores: readonly (number | null)[]): {readonly score: number | null; readonly std: number | null} =>
  scores.length === 0 || scores.includes(null)
    ? {score: null, std: null}
    : {score: mean(scores as number[]), std: sampleStd(scores as number[])};
