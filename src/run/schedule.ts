import type {Stage} from '../config/stage.js';
import type {Resources} from '../graph/spec.js';
import type {Step} from '../graph/step.js';

/**
 * The order of submission: later stages first, so that cells become complete and free their disk; within a stage the
 * longest first, so that no long job is left alone at the end; then the order of the matrix.
 */
export function byUrgency<T extends {readonly step: Step}>(ready: readonly T[], stages: readonly Stage[]): T[] {
  const depths = new Map(stages.map(({name}, depth) => [name, depth]));
  const depth = ({step}: T): number => depths.get(step.stage.name)!;
  const length = ({step}: T): number => step.spec.resources.seconds ?? 0;
  return [...ready].sort((a, b) => depth(b) - depth(a) || length(b) - length(a));
}

/** Whether whoever had no room for `refused` has none for `other` either. */
export const asksAsMuch = (other: Resources, refused: Resources): boolean =>
  other.gpus >= refused.gpus && other.cpus >= refused.cpus && other.memoryMb >= refused.memoryMb;
