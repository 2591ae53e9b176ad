import type {Step, StepId} from '../graph/step.js';
import type {Bill} from '../plan/bill.js';
import {usdOf, type Estimates} from '../plan/estimate.js';

/** What one run may spend; Infinity for no cap. */
export type Caps = {readonly gpuHours: number; readonly usd: number};

type Charge = {readonly gpuHours: number; readonly gpuUsd: number; readonly apiUsd: number};

/** Where a capped run stands: what it spent, and what all that it did not start may take. */
export type Capped = {
  readonly caps: {readonly gpuHours: number | null; readonly usd: number | null};
  readonly spent: {readonly gpuHours: number; readonly usd: number};
  readonly waits: {readonly gpuHours: number; readonly usd: number | null};
};

/**
 * Caps on the GPU-hours and the money of one run. A step reserves the most that it may take before it starts, so that steps
 * side by side cannot pass a cap together; what it did not take is free again when it ends.
 */
export class Budget {
  readonly #reserved = new Map<StepId, Charge>();
  #spent: Charge = {gpuHours: 0, gpuUsd: 0, apiUsd: 0};

  constructor(
    private readonly caps: Caps,
    private readonly estimates: Estimates,
  ) {}

  /** False, and nothing reserved, when the step could pass a cap. */
  reserve(step: Step): boolean {
    const most = this.#most(step);
    const all = [...this.#reserved.values(), this.#spent, most];
    const total = all.reduce(add);
    const usd = most.gpuUsd + most.apiUsd;
    if (most.gpuHours > 0 && exceeds(total.gpuHours, this.caps.gpuHours)) return false;
    if (usd > 0 && exceeds(total.gpuUsd + total.apiUsd, this.caps.usd)) return false;
    this.#reserved.set(step.id, most);
    return true;
  }

  /** A job that is running already has what it takes, whatever the cap. */
  adopt(step: Step): void {
    this.#reserved.set(step.id, this.#most(step));
  }

  /**
   * It ended with this bill, or never began. What its job held beyond its time limit, to prepare and to end in peace, is no
   * reason to refuse the next; what nobody knows counts as it was estimated.
   */
  settle({id, spec}: Step, bill: Bill | undefined): void {
    const reserved = this.#reserved.get(id);
    if (!this.#reserved.delete(id) || !reserved || !bill) return;
    const {gpuHours, usd} = bill;
    const isBound = spec.resources.seconds !== undefined;
    const bound = (value: number, most: number): number => (isBound ? Math.min(value, most) : value);
    this.#spent = add(this.#spent, {
      gpuHours: bound(gpuHours.held, reserved.gpuHours),
      gpuUsd: bound(usd.gpus ?? reserved.gpuUsd, reserved.gpuUsd),
      apiUsd: usd.api ?? reserved.apiUsd,
    });
  }

  /** `waiting`: the steps that have not ended. */
  capped(waiting: readonly Step[]): Capped {
    const money = waiting.map((step) => usdOf(this.estimates(step)));
    const cap = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return {
      caps: {gpuHours: cap(this.caps.gpuHours), usd: cap(this.caps.usd)},
      spent: {gpuHours: this.#spent.gpuHours, usd: this.#spent.gpuUsd + this.#spent.apiUsd},
      waits: {
        gpuHours: waiting.reduce((total, step) => total + this.#most(step).gpuHours, 0),
        usd: money.some((amount) => amount === null) ? null : money.reduce((total, amount) => total + amount!.most, 0),
      },
    };
  }

  /** Money that nobody knows is refused before a run with a cap on it begins. */
  #most(step: Step): Charge {
    const {gpuHours, usd} = this.estimates(step);
    return {gpuHours: gpuHours?.most ?? 0, gpuUsd: usd.gpus?.most ?? 0, apiUsd: usd.api?.most ?? 0};
  }
}

const add = (a: Charge, b: Charge): Charge => ({
  gpuHours: a.gpuHours + b.gpuHours,
  gpuUsd: a.gpuUsd + b.gpuUsd,
  apiUsd: a.apiUsd + b.apiUsd,
});

/** Ten times 0.3 is a little more than 3. */
const exceeds = (value: number, cap: number): boolean => value > cap * (1 + 1e-9);
