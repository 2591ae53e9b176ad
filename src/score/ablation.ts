import {groupBy} from '../base/group.js';
import {describeAxes, project} from '../matrix/cell.js';
import type {Row} from './row.js';

export type AblationPoint = {
  readonly x: number | string;
  readonly score: number | null;
  readonly std: number | null;
  readonly replicates: number;
  readonly timeHours: number | null;
  readonly costUsd: number | null;
};

/** What else is the same, and the scores over what varies. */
export type Series = {readonly name: string; readonly points: readonly AblationPoint[]};

export type Ablation = {readonly over: string; readonly series: readonly Series[]};

/** Fields behind an axis' values: `effort` of `agent`. */
export type Field = (axis: string, value: string, field: string) => string | undefined;

/**
 * Scores against an axis (`hours`), or against a field behind an axis' values (`agent.effort`): values that agree on `use`
 * and `model` are then one line.
 */
export function ablationOf(rows: readonly Row[], over: string, field: Field): Ablation {
  const [axis = '', name] = over.split('.', 2);
  const placed = rows.flatMap((row) => {
    const value = row.at[axis];
    if (row.kind !== 'agent' || value === undefined) return [];
    const x = name === undefined ? value : field(axis, value, name);
    if (x === undefined) return [];
    const same = name === undefined ? [] : ['use', 'model'].flatMap((key) => field(axis, value, key) ?? []);
    const rest = project(
      row.at,
      Object.keys(row.at).filter((one) => one !== axis),
    );
    return [{row, x, series: [...same, ...(Object.keys(rest).length > 0 ? [describeAxes(rest)] : [])].join(' ')}];
  });
  const isNumber = placed.every(({x}) => x.trim() !== '' && Number.isFinite(Number(x)));
  const groups = groupBy(placed, ({series}) => series);
  const varied = variedWords([...groups.keys()]);
  return {
    over,
    series: [...groups].map(([series, list]): Series => {
      const points = list.map(({row, x}): AblationPoint => ({
        x: isNumber ? Number(x) : x,
        score: row.score,
        std: row.std,
        replicates: row.replicates,
        timeHours: row.timeHours,
        costUsd: row.costUsd,
      }));
      if (isNumber) points.sort((a, b) => Number(a.x) - Number(b.x));
      return {name: varied(series), points};
    }),
  };
}

/** `agent=codex,gpus=1` as `codex` where all have the same GPUs. */
function variedWords(names: readonly string[]): (name: string) => string {
  const lists = names.map((name) => name.split(','));
  return (name) => {
    const kept = name.split(',').filter((word) => !lists.every((list) => list.includes(word)));
    return (kept.length > 0 ? kept : name.split(',').slice(0, 1)).map((word) => word.replace(/^agent=/, '')).join(' ');
  };
}
