import type {Brand} from '../base/brand.js';
import {fail, ok, type Result} from '../base/issue.js';
import type {MatrixSettings, Pattern} from '../config/pipeline.js';

/** Axis values, in the pipeline's axis order. */
export type Axes = {readonly [axis: string]: string};

export type CellId = Brand<string, 'CellId'>;

/** One point of the experiment matrix. */
export type Cell = {readonly id: CellId; readonly at: Axes};

/** `agent=codex,hours=10`: injective, since values hold neither `,` nor `=`. */
export const describeAxes = (at: Axes): string =>
  Object.entries(at)
    .map(([axis, value]) => `${axis}=${value}`)
    .join(',');

const cell = (at: Axes): Cell => ({id: describeAxes(at) as CellId, at});

const product = (axes: ReadonlyMap<string, readonly string[]>): Axes[] => {
  let points: Axes[] = [{}];
  for (const [axis, values] of axes) {
    points = points.flatMap((point) => values.map((value) => ({...point, [axis]: value})));
  }
  return points;
};

const matches = (at: Axes, {where}: Pick<Pattern, 'where'>): boolean =>
  [...where].every(([axis, values]) => values.includes(at[axis]!));

/**
 * The cells of a matrix: the product of the listed values, less what an `exclude` matches, plus each `include` with the
 * axes that it leaves out taking all their listed values. `only` keeps the cells that match all of its patterns.
 */
export function expand({listed, axes, include, exclude}: MatrixSettings, only: readonly Pattern[]): Result<Cell[]> {
  const cells = new Map<CellId, Cell>();
  const add = (points: readonly Axes[]): void => {
    for (const at of points) {
      const one = cell(at);
      if (!cells.has(one.id)) cells.set(one.id, one);
    }
  };
  add(product(listed).filter((at) => !exclude.some((pattern) => matches(at, pattern))));
  for (const {where} of include)
    add(product(new Map([...axes.keys()].map((axis) => [axis, where.get(axis) ?? listed.get(axis)!]))));

  const all = [...cells.values()];
  if (all.length === 0) {
    const at = exclude[0]?.at;
    if (!at) throw new Error('internal: a matrix without exclude that has no cell');
    return fail({code: 'empty-matrix', message: 'exclude removes every cell', at, hint: 'narrow one of the patterns'});
  }
  const kept = all.filter(({at}) => only.every((pattern) => matches(at, pattern)));
  if (kept.length === 0) {
    return fail({
      code: 'empty-matrix',
      message: 'no cell matches --only',
      at: only[0]!.at,
      hint: `a cell must match every --only; the matrix has ${all.length} cells`,
    });
  }
  return ok(kept);
}

/** A cell seen through some axes, in the pipeline's order. */
export function project(at: Axes, axes: readonly string[]): Axes {
  const kept = Object.keys(at).filter((axis) => axes.includes(axis));
  return kept.length === Object.keys(at).length ? at : Object.fromEntries(kept.map((axis) => [axis, at[axis]!]));
}
