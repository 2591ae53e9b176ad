import type {Graph} from '../graph/graph.js';
import type {Axes} from '../matrix/cell.js';

/** Names a step to a person: its stage, and of its axes those on which the cells differ. */
export function labels({cells}: Graph): (stage: string, at: Axes) => string {
  const first = cells[0]!.at;
  const varied = Object.keys(first).filter((axis) => cells.some(({at}) => at[axis] !== first[axis]));
  return (stage, at) => {
    const shown = Object.fromEntries(Object.entries(at).filter(([axis]) => varied.includes(axis)));
    return [stage, ...Object.values(shown)].join(' ');
  };
}
