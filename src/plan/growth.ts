import type {Graph} from '../graph/graph.js';
import type {StepId} from '../graph/step.js';
import type {Plan} from './plan.js';

/** How a matrix has grown since it last ran. */
export type Growth = {
  /** Cells none of whose own steps ever came to a result. */
  readonly fresh: number;
  /** Cells all of whose own steps are cached. */
  readonly reused: number;
};

/** Undefined where no cell is new, or all are. A cell's own steps are those that it shares with no other. */
export function growthOf(
  {cells, stepsOfCells}: Graph,
  plan: Plan,
  everDone: (id: StepId) => boolean,
): Growth | undefined {
  const sharers = new Map<StepId, number>();
  for (const ids of stepsOfCells.values()) for (const id of ids) sharers.set(id, (sharers.get(id) ?? 0) + 1);
  let fresh = 0;
  let reused = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    const own = [...stepsOfCells.values()].map((ids) => ids[cell]!).filter((id) => sharers.get(id) === 1);
    if (own.length === 0) continue;
    if (!own.some(everDone)) fresh++;
    else if (own.every((id) => plan.get(id)!.kind === 'cached')) reused++;
  }
  return fresh === 0 || fresh === cells.length ? undefined : {fresh, reused};
}
