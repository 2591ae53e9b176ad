import type {Resources} from '../graph/spec.js';

/** What the order of submission depends on. */
export type Ready = {
  /** Position of the stage in topological order. */
  readonly depth: number;
  readonly resources: Resources;
  /** Position in the graph; breaks ties, so that the order never depends on chance. */
  readonly position: number;
};

/**
 * Later stages first, so that cells become complete and free their disk; among equals the longest first, so that no long
 * job is left alone at the end.
 */
export const compareReady = (a: Ready, b: Ready): number =>
  b.depth - a.depth || (b.resources.seconds ?? 0) - (a.resources.seconds ?? 0) || a.position - b.position;

/** Whether whoever had no room for `refused` has none for `other` either. */
export const asksAsMuch = (other: Resources, refused: Resources): boolean =>
  other.gpus >= refused.gpus && other.cpus >= refused.cpus && other.memoryMb >= refused.memoryMb;
