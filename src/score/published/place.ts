import {columnOf, isSameSet} from '../benchmark.js';
import type {Row} from '../row.js';
import type {Table} from '../table.js';
import {PUBLISHED, publishedRows, type PublishedVersion} from './rows.js';

/** The published table over the same benchmarks; v1 where none is. */
export const fittingVersion = ({benchmarks}: Table): PublishedVersion =>
  (Object.keys(PUBLISHED) as PublishedVersion[]).find((version) =>
    isSameSet(PUBLISHED[version].cells.benchmarks, benchmarks),
  ) ?? 'v1';

/**
 * A table with the published rows among its own. Averages stand in one column only where they are over the same benchmarks
 * and weigh them the same; otherwise the column is the published one, and rows of this pipeline have no average.
 */
export function withPublished(table: Table, version: PublishedVersion): Table {
  const {cells, title} = PUBLISHED[version];
  const because = difference(table, version);
  const benchmarks =
    because === undefined
      ? table.benchmarks
      : [
          ...cells.benchmarks.map((name) => table.benchmarks[columnOf(table.benchmarks, name) ?? -1] ?? name),
          ...table.benchmarks.filter((name) => columnOf(cells.benchmarks, name) === undefined),
        ];
  const own =
    because === undefined ? table.rows : table.rows.filter(hasScore).map((row) => ({...row, score: null, std: null}));
  const unscored = because === undefined ? 0 : table.rows.length - own.length;
  return {
    ...table,
    benchmarks,
    rows: [...own, ...publishedRows(version)].map((row) => arrange(row, benchmarks)),
    warnings: [
      ...table.warnings,
      ...(because === undefined ? [] : [`rows of this pipeline have no average here: ${because}`]),
    ],
    remarks: [
      ...table.remarks,
      `† published: ${title}${version === 'v1' ? '; the ± of a benchmark is the mean of the ± of its models' : ''}`,
      ...(unscored > 0
        ? [`left out: ${unscored} ${unscored === 1 ? 'row' : 'rows'} of this pipeline without any score`]
        : []),
    ],
  };
}

const hasScore = ({benchmarks}: Row): boolean => [...benchmarks.values()].some(({score}) => score !== null);

/** Why two averages are not comparable; undefined when they are. */
function difference({benchmarks, weights}: Table, version: PublishedVersion): string | undefined {
  const {cells} = PUBLISHED[version];
  if (!isSameSet(cells.benchmarks, benchmarks)) {
    return `${version} averages over ${cells.benchmarks.join(', ')}; this pipeline over ${benchmarks.join(', ')}`;
  }
  if (weights === null) return undefined;
  const theirs = (benchmark: string): number | undefined => cells.weights?.[columnOf(cells.benchmarks, benchmark)!];
  const isSame = weights === 'plain' ? !cells.weights : benchmarks.every((name, n) => theirs(name) === weights[n]);
  if (isSame) return undefined;
  return `${version} ${cells.weights ? 'weighs the benchmarks; score: {average: published-v1} does so too' : 'is a plain mean; score: {average: plain}'}`;
}

/** A row's scores under the columns of a table, empty where it has none. */
function arrange(row: Row, columns: readonly string[]): Row {
  const names = [...row.benchmarks.keys()];
  return {
    ...row,
    benchmarks: new Map(
      columns.map((column) => {
        const n = columnOf(names, column);
        return [
          column,
          n === undefined ? {score: null, std: null, cells: 0, substituted: 0} : row.benchmarks.get(names[n]!)!,
        ];
      }),
    ),
  };
}
