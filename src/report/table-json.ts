import type {Json} from '../base/json.js';
import type {Table} from '../score/table.js';

/** The stable shape that schemas/table.schema.json describes. */
export const tableJson = (table: Table): Json => ({
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
    cells: row.cells,
    substitutions: row.substitutions,
    benchmarks: Object.fromEntries(row.benchmarks),
  })),
  cells: table.cells.map(({at, raw, stderr, score, kind, cause, because}) => {
    const {hours, ...axes} = at;
    return {...axes, ...(hours === undefined ? {} : {hours: Number(hours)}), raw, stderr, score, kind, cause, because};
  }),
  warnings: [...table.warnings, ...table.remarks],
});
