import type {Graph} from '../graph/graph.js';
import type {Plan} from './plan.js';

export type Cost = {
  /** GPUs × budgeted hours of the steps that would run. */
  readonly gpuHours: number;
  readonly gpuHoursByStage: ReadonlyMap<string, number>;
  /** US dollars; null while no price is known. */
  readonly usd: number | null;
};

/** What a plan would cost at most. A step without a time limit adds nothing. */
export function costOf({steps}: Graph, plan: Plan): Cost {
  const byStage = new Map<string, number>();
  for (const step of steps.values()) {
    const {gpus, seconds = 0} = step.spec.resources;
    if (['cached', 'failed'].includes(plan.get(step.id)!.kind) || gpus * seconds === 0) continue;
    byStage.set(step.stage.name, (byStage.get(step.stage.name) ?? 0) + (gpus * seconds) / 3600);
  }
  const gpuHours = [...byStage.values()].reduce((sum, hours) => sum + hours, 0);
  return {gpuHours, gpuHoursByStage: byStage, usd: gpuHours === 0 ? 0 : null};
}
