import {project} from '../matrix/cell.js';
import {stepId, type Graph} from '../graph/graph.js';
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
export function growthOf({cells, stages}: Graph, plan: Plan, everDone: (id: StepId) => boolean): Growth | undefined {
  const sharers = new Map<StepId, number>();
  const stepsOf = (cell: (typeof cells)[number]): StepId[] =>
    stages.map((stage) => stepId(stage.name, project(cell.at, stage.for)));
  for (const cell of cells) for (const id of stepsOf(cell)) sharers.set(id, (sharers.get(id) ?? 0) + 1);
  let fresh = 0;
  let reused = 0;
  for (const cell of cells) {
    const own = stepsOf(cell).filter((id) => sharers.get(id) === 1);
    if (own.length === 0) continue;
    if (!own.some(everDone)) fresh++;
    else if (own.every((id) => plan.get(id)!.kind === 'cached')) reused++;
  }
  return fresh === 0 || fresh === cells.length ? undefined : {fresh, reused};
}
