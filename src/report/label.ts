import type {Axes} from '../matrix/cell.js';

/**
 * Names a cell to a person: its values on the axes on which the cells differ; one cell alone by all its values. Imported
 * cells lack some of the axes, which is no difference.
 */
export function labels(cells: readonly {readonly at: Axes}[]): (at: Axes) => string {
  const first = cells[0]?.at ?? {};
  const varied = Object.keys(first).filter((axis) => cells.some(({at}) => (at[axis] ?? first[axis]) !== first[axis]));
  return (at) =>
    Object.entries(at)
      .filter(([axis]) => varied.length === 0 || varied.includes(axis))
      .map(([, value]) => value)
      .join(' ');
}
