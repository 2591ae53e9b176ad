import {columnOf, isSameSet} from '../benchmark.js';
import type {Columns, Row} from '../row.js';
import {PUBLISHED, publishedRows, type PublishedVersion} from './rows.js';

/** The published table over just these benchmarks; v1 where there is none. */
export const fittingVersion = (benchmarks: readonly string[]): PublishedVersion =>
  (Object.keys(PUBLISHED) as PublishedVersion[]).find((version) =>
    isSameSet(PUBLISHED[version].cells.benchmarks, benchmarks),
  ) ?? 'v1';

/** What a published table averages over, under this pipeline's own names, and how it weighs it. */
export function columnsOf(version: PublishedVersion, own: readonly string[]): Pick<Columns, 'averaged' | 'weights'> {
  const {cells} = PUBLISHED[version];
  return {
    averaged: cells.benchmarks.map((name) => own[columnOf(own, name) ?? -1] ?? name),
    weights: cells.weights ?? 'plain',
  };
}

/** Its rows, their scores under the columns of another table. */
export const placedRows = (version: PublishedVersion, {benchmarks}: Columns): Row[] =>
  publishedRows(version).map((row) => {
    const names = [...row.benchmarks.keys()];
    const none = {score: null, std: null, cells: 0, substituted: 0};
    return {
      ...row,
      benchmarks: new Map(
        benchmarks.map((column) => {
          const n = columnOf(names, column);
          return [column, n === undefined ? none : row.benchmarks.get(names[n]!)!];
        }),
      ),
    };
  });

/** What a reader of the rows must know. */
export const describePublished = (version: PublishedVersion, own: readonly string[]): string[] => {
  const {cells, title} = PUBLISHED[version];
  const lacking = cells.benchmarks.filter((name) => columnOf(own, name) === undefined);
  return [
    `† published: ${title}${version === 'v1' ? '; the ± of a benchmark is the mean of the ± of its models' : ''}`,
    `the average is that of ${version} in every row: ${cells.weights ? 'weighted' : 'plain'}, over ${cells.benchmarks.join(', ')}`,
    ...(lacking.length > 0 ? [`this pipeline lacks ${lacking.join(', ')}, so its rows have no such average`] : []),
  ];
};
