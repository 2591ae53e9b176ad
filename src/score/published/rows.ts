import {mean} from '../arithmetic.js';
import {averageOf, type BenchmarkScore, type Row} from '../row.js';
import {V0_1} from './v0.1.js';
import {V1} from './v1.js';
import type {PublishedCells, PublishedRow} from './shape.js';

export const PUBLISHED = {
  'v0.1': {cells: V0_1, title: 'PostTrainBench v0.1 (December 2025)'},
  v1: {cells: V1, title: 'PostTrainBench v1 (arXiv 2603.08640, Table 1)'},
} as const satisfies Readonly<Record<string, {readonly cells: PublishedCells; readonly title: string}>>;

export type PublishedVersion = keyof typeof PUBLISHED;

/** The rows of a published table, their averages computed anew from the published cells. */
export const publishedRows = (version: PublishedVersion): Row[] => {
  const {cells} = PUBLISHED[version];
  return cells.rows.map((row) => rowOfPublished(row, cells));
};

const LETTERS = {flagged: 'f', failed: 'e', missing: 'n'} as const;

function rowOfPublished(row: PublishedRow, {benchmarks, weights}: PublishedCells): Row {
  const column = (rows: readonly (readonly number[])[], n: number): number => mean(rows.map((scores) => scores[n]!));
  const count = (letter: string): number => (row.substitutes ?? []).join('').split(letter).length - 1;
  return {
    name: row.name,
    kind: 'published',
    at: {},
    score: averageOf(
      benchmarks.map((_name, n) => column(row.means, n)),
      weights ?? 'plain',
    ),
    std: row.std,
    replicates: row.replicates,
    hours: row.kind === 'agent' ? HOURS : null,
    timeHours: row.seconds === null ? null : row.seconds / 3600,
    costUsd: null,
    benchmarks: new Map(
      benchmarks.map((benchmark, n): [string, BenchmarkScore] => [
        benchmark,
        {
          score: column(row.means, n),
          // As the paper has it: the mean of the models' standard deviations, not the deviation of their mean.
          std: row.stds ? column(row.stds, n) : null,
          cells: row.means.length * row.replicates,
          substituted: (row.substitutes ?? []).filter((letters) => letters[n] !== '.').length,
        },
      ]),
    ),
    cells: row.means.length * row.replicates * benchmarks.length,
    substitutions: {
      flagged: count(LETTERS.flagged),
      failed: count(LETTERS.failed),
      missing: count(LETTERS.missing),
      unjudged: 0,
    },
  };
}

/** The agents' budget in both versions. */
const HOURS = 10;
