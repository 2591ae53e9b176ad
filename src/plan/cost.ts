import type {Graph} from '../graph/graph.js';
import type {Step} from '../graph/step.js';
import {sum, type Amount, type Estimates} from './estimate.js';
import type {Plan} from './plan.js';

/** What some steps would cost; null: unknown. A p90 is the sum of the steps' own, so above that of the sum. */
export type StepsCost = {
  /** How many would run. */
  readonly steps: number;
  readonly gpuHours: Amount | null;
  /** US dollars. */
  readonly usd: {readonly gpus: Amount | null; readonly api: Amount | null};
  /** How many of the steps have past results to go by. */
  readonly withPast: number;
};

export type Cost = StepsCost & {
  /** Stages of which something would run that costs GPU time or money. */
  readonly stages: ReadonlyMap<string, StepsCost>;
};

/** What a plan would cost. */
export function costOf({steps}: Graph, plan: Plan, estimates: Estimates): Cost {
  const byStage = new Map<string, Step[]>();
  const all: Step[] = [];
  for (const step of steps.values()) {
    if (!mayRun(plan, step)) continue;
    all.push(step);
    const {stage, spec} = step;
    if (spec.resources.gpus === 0 && !stage.bill) continue;
    const own = byStage.get(stage.name);
    if (own) own.push(step);
    else byStage.set(stage.name, [step]);
  }
  return {
    ...together(all, estimates),
    stages: new Map([...byStage].map(([stage, own]) => [stage, together(own, estimates)])),
  };
}

/** Whether a run would start it, now or behind what it waits for. */
const mayRun = (plan: Plan, {id}: Step): boolean => !['cached', 'failed'].includes(plan.get(id)!.kind);

function together(steps: readonly Step[], estimates: Estimates): StepsCost {
  const each = steps.map(estimates);
  return {
    steps: steps.length,
    gpuHours: sum(each.map(({gpuHours}) => gpuHours)),
    usd: {gpus: sum(each.map(({usd}) => usd.gpus)), api: sum(each.map(({usd}) => usd.api))},
    withPast: each.filter(({results}) => results > 0).length,
  };
}

/** Money that nobody knows, and the way out. */
export type Unpriced = {readonly what: string; readonly remedy: string};

/** Why the money of some steps that would run is not known. */
export function withoutMoney({steps}: Graph, plan: Plan, estimates: Estimates): Unpriced[] {
  const found = new Map<string, string>();
  for (const step of steps.values()) {
    if (!mayRun(plan, step)) continue;
    const {gpuHours, usd} = estimates(step);
    const {name} = step.stage;
    if (gpuHours === null)
      found.set(`stage "${name}" holds GPUs and has no time limit`, 'give it resources: {time: 10h}');
    else if (usd.gpus === null) found.set('GPU-hours have no price', 'set prices: {gpu-hour: 3.0} in the pipeline');
    if (usd.api !== null) continue;
    const [axis] = step.stage.for;
    const whose = axis === undefined ? '' : ` of ${axis} ${step.at[axis]!}`;
    const where = axis === undefined ? 'its stage' : `catalog.${axis}."${step.at[axis]!}"`;
    found.set(
      `the API calls${whose} in stage "${name}" have no estimate`,
      `set usd-per-hour in ${where}; 0 if it calls none`,
    );
  }
  return [...found].map(([what, remedy]) => ({what, remedy}));
}
