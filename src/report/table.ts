import CliTable from 'cli-table3';
import {groupBy} from '../base/group.js';
import {unreachable} from '../base/unreachable.js';
import {CAUSES, type CellScore} from '../score/cell.js';
import type {BenchmarkScore, Row} from '../score/row.js';
import type {Table} from '../score/table.js';
import {csv} from './csv.js';
import {digits, money, workTime} from './figures.js';
import {labels} from './label.js';
import {latex} from './latex.js';
import {printableJson, printableLine, type Paint} from './style.js';
import {tableJson} from './table-json.js';

export const TABLE_FORMATS = ['text', 'markdown', 'csv', 'json', 'latex'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export function renderTable(table: Table, format: TableFormat, paint: Paint): string {
  switch (format) {
    case 'text':
      return text(table, paint);
    case 'markdown':
      return markdown(table);
    case 'csv':
      return csvTable(table);
    case 'json':
      return `${printableJson(tableJson(table), 2)}\n`;
    case 'latex':
      return latex(table, sorted(table), notes(table));
    default:
      return unreachable(format);
  }
}

export const csvTable = (table: Table): string => csv(rowRecords(table));

const substituted = (row: Row): number =>
  [...row.benchmarks.values()].reduce((sum, {substituted: count}) => sum + count, 0);

const scored = (row: Row): number => [...row.benchmarks.values()].reduce((sum, {cells}) => sum + cells, 0);

/** A benchmark's figure with `*` where some of its cells carry a substitute. */
const figure = (score: Pick<BenchmarkScore, 'score' | 'std' | 'substituted'>): string =>
  digits(score.score, score.std) + (score.score !== null && score.substituted > 0 ? ' *' : '');

const state = (row: Row): string =>
  scored(row) < row.cells
    ? `${scored(row)} of ${row.cells}`
    : substituted(row) > 0
      ? `${substituted(row)} of ${row.cells}`
      : '';

/** A name may be as long as a folder's; a table that people read has this much room for it, in characters. */
const LONGEST_NAME = 64;

const shortened = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, 40)}…${name.slice(41 - LONGEST_NAME)}` : name;

/** Rows that were not run here carry a mark. */
const marked = ({kind, name}: Row): string =>
  `${shortened(name)}${kind === 'published' ? ' †' : kind === 'imported' ? ' ‡' : ''}`;

function grid(table: Table): string[][] {
  const cell = (row: Row): string[] => [
    marked(row),
    figure({...row, substituted: substituted(row)}),
    ...table.benchmarks.map((benchmark) => figure(row.benchmarks.get(benchmark)!)),
    workTime(row.timeHours),
    money(row.costUsd),
    state(row),
  ];
  const withCost = table.rows.some((row) => row.costUsd !== null);
  const drop = (cells: string[]): string[] => (withCost ? cells : cells.toSpliced(-2, 1));
  return [
    drop(['', 'average', ...table.benchmarks, 'time', 'cost', 'cells *']),
    ...sorted(table).map((row) => drop(cell(row))),
  ];
}

/** Baselines first, as given, then all others from the best; those without an average last. */
export const sorted = ({rows}: Table): Row[] =>
  [...rows].sort((a, b) =>
    a.kind === 'baseline' || b.kind === 'baseline'
      ? Number(b.kind === 'baseline') - Number(a.kind === 'baseline')
      : (b.score ?? -1) - (a.score ?? -1),
  );

function text(table: Table, paint: Paint): string {
  const [head, ...body] = grid(table) as [string[], ...string[][]];
  const drawn = new CliTable({
    head: head.map((word) => paint('bold', printableLine(word))),
    colAligns: head.map((_word, n) => (n === 0 ? 'left' : 'right')),
    style: {head: [], border: [], compact: true},
  });
  drawn.push(...body.map((cells) => cells.map(printableLine)));
  return `${drawn.toString()}\n${notes(table)
    .map((line) => `${printableLine(line)}\n`)
    .join('')}`;
}

function markdown(table: Table): string {
  const escape = (word: string): string =>
    printableLine(word.replaceAll('\n', ' ')).replaceAll(/[\\|*_`<>[\]]/g, (char) => `\\${char}`);
  const line = (words: readonly string[]): string => `| ${words.map(escape).join(' | ')} |\n`;
  const [head, ...body] = grid(table) as [string[], ...string[][]];
  const rule = `|${head.map((_word, n) => (n === 0 ? '---' : '---:')).join('|')}|\n`;
  const list = notes(table).map((note) => `${escape(note)}  \n`);
  return `${line(head)}${rule}${body.map(line).join('')}${list.length > 0 ? `\n${list.join('')}` : ''}`;
}

/** What a reader of the figures must know: substitutions with their reasons, gaps, warnings. */
export function notes(table: Table): string[] {
  const label = labels(table.cells);
  const list = (kind: CellScore['kind']): string[] =>
    [
      ...groupBy(
        table.cells.filter((cell) => cell.kind === kind),
        ({because}) => because.join('; '),
      ),
    ].map(([reason, cells]) => {
      const first = label(cells[0]!.at);
      return `  ${cells.length === 1 ? first : `${cells.length} cells, first ${first}`}: ${reason}`;
    });
  const replaced = table.cells.filter(({kind}) => kind === 'substituted').length;
  const gaps = table.cells.filter(({kind}) => kind === 'absent').length;
  return [
    ...(replaced > 0
      ? [
          `* ${replaced} of ${table.cells.length} cells carry a substitute instead of their own score (${causes(table)}):`,
        ]
      : []),
    ...list('substituted'),
    ...(gaps > 0 ? [`${gaps} of ${table.cells.length} cells have no score; rows with a gap have no average:`] : []),
    ...list('absent'),
    ...table.warnings.map((warning) => `warning: ${warning}`),
    ...table.remarks,
  ];
}

/** `3 flagged, 1 failed`. */
const causes = ({cells}: Table): string =>
  CAUSES.map((cause) => [cause, cells.filter((cell) => cell.cause === cause).length] as const)
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ');

/** One line a row, under a head. */
const rowRecords = (table: Table): (string | number | null)[][] => [
  [
    'name',
    'kind',
    'score',
    'std',
    'replicates',
    'time_hours',
    'cost_usd',
    ...table.benchmarks,
    'cells',
    'scored',
    'substituted',
    ...CAUSES,
  ],
  ...table.rows.map((row) => [
    row.name,
    row.kind,
    row.score,
    row.std,
    row.replicates,
    row.timeHours,
    row.costUsd,
    ...table.benchmarks.map((benchmark) => row.benchmarks.get(benchmark)!.score),
    row.cells,
    scored(row),
    substituted(row),
    ...CAUSES.map((cause) => row.substitutions[cause]),
  ]),
];
