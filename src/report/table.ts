import CliTable from 'cli-table3';
import type {Json} from '../base/json.js';
import {labels} from './label.js';
import type {BenchmarkScore, CellScore, Row, Table} from '../score/table.js';
import {printable, type Paint} from './style.js';

export const TABLE_FORMATS = ['text', 'markdown', 'csv', 'json'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export function renderTable(table: Table, format: TableFormat, paint: Paint): string {
  switch (format) {
    case 'text':
      return text(table, paint);
    case 'markdown':
      return markdown(table);
    case 'csv':
      return csv(table);
    case 'json':
      return `${JSON.stringify(tableJson(table), null, 2)}\n`;
  }
}

/** Four decimals, as the benchmark's own table has them. */
const digits = (score: number | null, std: number | null = null): string =>
  score === null ? '–' : score.toFixed(4) + (std === null ? '' : ` ± ${std.toFixed(4)}`);

const time = (row: Row): string =>
  row.timeHours === null
    ? ''
    : row.timeHours < 0.1
      ? `${(row.timeHours * 3600).toFixed(0)} s`
      : `${row.timeHours.toFixed(2)} h`;

const cost = (row: Row): string => (row.costUsd === null ? '' : `$${row.costUsd.toFixed(2)}`);

const substituted = (row: Row): number =>
  [...row.benchmarks.values()].reduce((sum, {substituted: count}) => sum + count, 0);

const scored = (row: Row): number => [...row.benchmarks.values()].reduce((sum, {cells}) => sum + cells, 0);

/** A benchmark's figure with `*` for each kind of doubt a reader must know of. */
const figure = (score: BenchmarkScore): string => digits(score.score, score.std) + (score.substituted > 0 ? ' *' : '');

const state = (row: Row): string =>
  scored(row) < row.cells
    ? `${scored(row)} of ${row.cells}`
    : substituted(row) > 0
      ? `${substituted(row)} of ${row.cells}`
      : '';

function grid(table: Table): string[][] {
  const cell = (row: Row): string[] => [
    row.name,
    digits(row.score, row.std) + (substituted(row) > 0 ? ' *' : ''),
    ...table.benchmarks.map((benchmark) => figure(row.benchmarks.get(benchmark)!)),
    time(row),
    cost(row),
    state(row),
  ];
  const withCost = table.rows.some((row) => row.costUsd !== null);
  const drop = (cells: string[]): string[] => (withCost ? cells : cells.toSpliced(-2, 1));
  return [
    drop(['', 'average', ...table.benchmarks, 'time', 'cost', 'cells *']),
    ...[...table.rows].sort(byScore).map((row) => drop(cell(row))),
  ];
}

/** Baselines first, as given, then agents from the best; those without an average last. */
const byScore = (a: Row, b: Row): number =>
  a.kind === 'baseline' || b.kind === 'baseline'
    ? Number(b.kind === 'baseline') - Number(a.kind === 'baseline')
    : (b.score ?? -1) - (a.score ?? -1);

function text(table: Table, paint: Paint): string {
  const [head, ...body] = grid(table) as [string[], ...string[][]];
  const drawn = new CliTable({
    head: head.map((word) => paint('bold', word)),
    colAligns: head.map((_word, n) => (n === 0 ? 'left' : 'right')),
    style: {head: [], border: [], compact: true},
  });
  drawn.push(...body);
  return `${drawn.toString()}\n${notes(table)
    .map((line) => `${printable(line)}\n`)
    .join('')}`;
}

function markdown(table: Table): string {
  const escape = (word: string): string => word.replaceAll('|', '\\|').replaceAll('*', '\\*');
  const line = (words: readonly string[]): string => `| ${words.map(escape).join(' | ')} |\n`;
  const [head, ...body] = grid(table) as [string[], ...string[][]];
  const rule = `|${head.map((_word, n) => (n === 0 ? '---' : '---:')).join('|')}|\n`;
  const list = notes(table).map((note) => `${escape(note)}  \n`);
  return `${line(head)}${rule}${body.map(line).join('')}${list.length > 0 ? `\n${list.join('')}` : ''}`;
}

/** What a reader of the figures must know: substitutions with their reasons, gaps, warnings. */
function notes(table: Table): string[] {
  const group = (kind: CellScore['kind']): Map<string, CellScore[]> => {
    const found = new Map<string, CellScore[]>();
    for (const cell of table.cells.filter((one) => one.kind === kind)) {
      const reason = cell.because.join('; ');
      found.set(reason, [...(found.get(reason) ?? []), cell]);
    }
    return found;
  };
  const label = labels(table.cells);
  const list = (cells: readonly CellScore[]): string =>
    cells.length === 1 ? label(cells[0]!.at) : `${cells.length} cells, first ${label(cells[0]!.at)}`;
  const replaced = table.cells.filter(({kind}) => kind === 'substituted').length;
  const gaps = table.cells.filter(({kind}) => kind === 'absent').length;
  return [
    ...(replaced > 0
      ? [`* ${replaced} of ${table.cells.length} cells carry a substitute instead of their own score:`]
      : []),
    ...[...group('substituted')].map(([reason, cells]) => `  ${list(cells)}: ${reason}`),
    ...(gaps > 0 ? [`${gaps} of ${table.cells.length} cells have no score; rows with a gap have no average:`] : []),
    ...[...group('absent')].map(([reason, cells]) => `  ${list(cells)}: ${reason}`),
    ...table.warnings.map((warning) => `warning: ${warning}`),
  ];
}

/** One line a row, then one a cell; RFC 4180. */
function csv(table: Table): string {
  const quote = (value: string | number | null): string => {
    const word = value === null ? '' : String(value);
    return /[",\n\r]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
  };
  const line = (values: readonly (string | number | null)[]): string => `${values.map(quote).join(',')}\r\n`;
  return (
    line([
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
    ]) +
    table.rows
      .map((row) =>
        line([
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
        ]),
      )
      .join('')
  );
}

/** The stable shape that schemas/table.schema.json describes. */
const tableJson = (table: Table): Json => ({
  version: 1,
  average: table.average,
  benchmarks: table.benchmarks,
  rows: table.rows.map((row) => ({
    name: row.name,
    kind: row.kind,
    score: row.score,
    std: row.std,
    replicates: row.replicates,
    hours: row.hours,
    time_hours: row.timeHours,
    cost_usd: row.costUsd,
    benchmarks: Object.fromEntries(row.benchmarks),
  })),
  cells: table.cells.map(({at, raw, score, kind, because}) => {
    const {hours, ...axes} = at;
    return {...axes, ...(hours === undefined ? {} : {hours: Number(hours)}), raw, score, kind, because};
  }),
  warnings: table.warnings,
});
