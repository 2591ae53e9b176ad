import {groupBy} from '../base/group.js';
import type {ScoreSettings} from '../config/pipeline.js';
import type {Axes} from '../matrix/cell.js';
import {mean} from './arithmetic.js';
import {columnOf} from './benchmark.js';
import {scoreCell, type CellScore} from './cell.js';
import type {CellEvidence, Fate, Metrics} from './evidence.js';
import {V1} from './published/v1.js';
import {benchmarkOf, MODEL, rowOf, type Columns, type Row} from './row.js';

/** One run of an imported tree. */
export type ImportedCell = CellEvidence & {
  /** Method, model, benchmark and replicate. */
  readonly at: Axes;
  readonly hours: number | null;
};

/** What a tree holds, its models and benchmarks under this pipeline's names where it has them. */
export type Imported = {
  readonly name: string;
  /** The tree's folder when it was read. */
  readonly from: string;
  readonly cells: readonly ImportedCell[];
  /** Scores of base models that came with it. */
  readonly base: readonly {readonly at: Axes; readonly metrics: Fate<Metrics>}[];
};

/** A cell of a tree with what the table reads for it. */
export type ImportedScore = {
  readonly tree: Pick<Imported, 'name' | 'from'>;
  readonly cell: ImportedCell;
  readonly score: CellScore;
};

export type ImportedScores = {
  readonly cells: readonly ImportedScore[];
  readonly rows: readonly Row[];
  readonly remarks: readonly string[];
};

/**
 * The rows of an imported tree, a method each. A substituted cell takes the tree's own base score, else this pipeline's,
 * else the published one.
 */
export function importedRows(
  {name, from, cells, base}: Imported,
  ownBase: (at: Axes) => Fate<Metrics> | undefined,
  columns: Columns,
  settings: ScoreSettings,
): ImportedScores {
  const id = (at: Axes): string => JSON.stringify([at[MODEL], benchmarkOf(at)]);
  const theirs = new Map(base.map(({at, metrics}) => [id(at), metrics]));
  let published = 0;
  const baseOf = (at: Axes): Fate<Metrics> | undefined => {
    for (const found of [theirs.get(id(at)), ownBase(at)]) {
      if (found?.kind === 'known' && found.value.accuracy !== null) return found;
    }
    const score = publishedBase(at);
    return score === undefined ? undefined : {kind: 'known', value: {accuracy: score, stderr: null, n: 0}};
  };
  const scored = cells.map((cell) => {
    const score = scoreCell(cell, baseOf(cell.at), settings);
    const own = [theirs.get(id(cell.at)), ownBase(cell.at)];
    if (score.kind === 'substituted' && !own.some((one) => one?.kind === 'known')) published++;
    return score;
  });
  const rows = [...groupBy(cells.entries(), ([, {at}]) => at.agent)].map(([method, list]): Row => {
    const own = list.map(([, cell]) => cell);
    const seconds = own.flatMap((cell) => cell.seconds ?? []);
    return {
      ...rowOf(
        method!,
        'imported',
        list.map(([n]) => scored[n]!),
        columns,
      ),
      hours: own[0]!.hours,
      timeHours: seconds.length === 0 ? null : mean(seconds) / 3600,
    };
  });
  return {
    cells: cells.map((cell, n) => ({tree: {name, from}, cell, score: scored[n]!})),
    rows,
    remarks: [
      `‡ imported: ${name}`,
      ...(published > 0 ? [`${published} imported cells carry the published base score, since no other is known`] : []),
    ],
  };
}

/** The published zero-shot score of a base model. */
function publishedBase(at: Axes): number | undefined {
  const model = V1.models.indexOf(at[MODEL] ?? '');
  const benchmark = columnOf(V1.benchmarks, benchmarkOf(at));
  const row = V1.rows.find(({name}) => name === 'Base Model (Zero-Shot)');
  return benchmark === undefined ? undefined : row?.means[model]?.[benchmark];
}
