import type {Step, StepId} from '../graph/step.js';

const gpuHours = (gpus: number, seconds: number): number => (gpus * seconds) / 3600;

/** The most that a step may use: its GPUs for its whole time. A step without a limit reserves nothing. */
const atMost = ({spec: {resources}}: Step): number => gpuHours(resources.gpus, resources.seconds ?? 0);

/**
 * A cap on the GPU-hours of one run. A step reserves all that it may use before it starts, so that steps side by side
 * cannot pass the cap together; what it did not use is free again when it ends.
 */
export class GpuBudget {
  readonly #reserved = new Map<StepId, number>();
  #spent = 0;

  constructor(private readonly max: number) {}

  /** False, and nothing reserved, when the step could pass the cap. */
  reserve(step: Step): boolean {
    const reserved = [...this.#reserved.values()].reduce((sum, hours) => sum + hours, 0);
    if (atMost(step) > 0 && this.#spent + reserved + atMost(step) > this.max) return false;
    this.#reserved.set(step.id, atMost(step));
    return true;
  }

  /** A job that is running already has its hours, whatever the cap. */
  adopt(step: Step): void {
    this.#reserved.set(step.id, atMost(step));
  }

  /** It ended after so many seconds, or never began. */
  settle(step: Step, seconds: number): void {
    if (!this.#reserved.delete(step.id)) return;
    this.#spent += gpuHours(step.spec.resources.gpus, seconds);
  }
}
