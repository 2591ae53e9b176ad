import type {Graph} from '../graph/graph.js';
import type {Step} from '../graph/step.js';
import type {Plan, Verdict} from './plan.js';
import {describeReason} from './reason.js';

/** A step whose result an edit made worthless, and whose next run costs GPU time once more. */
export type Stale = {
  readonly step: Step;
  /** How its key document differs, as its verdict says it. */
  readonly because: string;
  /** At most; null where it has no time limit. */
  readonly gpuHours: number | null;
};

/** Undefined for a step that never ran, holds no GPU, was asked for, or is to be tried again after a failure. */
export function staleOf(step: Step, verdict: Verdict): Stale | undefined {
  const {gpus, seconds} = step.spec.resources;
  if (gpus === 0 || verdict.kind !== 'run' || verdict.because.kind !== 'changed') return undefined;
  const gpuHours = seconds === undefined ? null : (gpus * seconds) / 3600;
  return {step, because: describeReason(verdict.because), gpuHours};
}

/** As far as it is known before anything runs: a step that waits may turn out stale later. */
export const staleSteps = ({steps}: Graph, plan: Plan): Stale[] =>
  [...steps.values()].flatMap((step) => staleOf(step, plan.get(step.id)!) ?? []);

export function describeStale(all: readonly Stale[]): string {
  const known = all.reduce((sum, {gpuHours}) => sum + (gpuHours ?? 0), 0);
  const unknown = all.some(({gpuHours}) => gpuHours === null);
  if (!unknown) return `up to ${known.toFixed(1)} GPU-hours`;
  return known === 0 ? 'an unknown number of GPU-hours' : `more than ${known.toFixed(1)} GPU-hours`;
}
