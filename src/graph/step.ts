import type {Brand} from '../base/brand.js';
import type {Need, Stage} from '../config/stage.js';
import type {Axes} from '../matrix/cell.js';
import type {Spec} from './spec.js';

/** `post-train:agent=codex-5-1,model=qwen3-4b,…`, or the stage's name where it has no axes. */
export type StepId = Brand<string, 'StepId'>;

/** One stage for one cell, seen through the axes that the stage declares. */
export type Step = {
  readonly id: StepId;
  readonly stage: Stage;
  readonly at: Axes;
  readonly needs: readonly StepNeed[];
  readonly spec: Spec;
};

/** The upstream steps of one stage; several where this step has fewer axes and gathers them. */
export type StepNeed = {
  readonly need: Need;
  readonly gathers: boolean;
  readonly steps: readonly StepId[];
};
