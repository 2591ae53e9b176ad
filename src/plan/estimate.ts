import type {Step} from '../graph/step.js';
import type {Bill} from './bill.js';

/**
 * What something may cost. `median` and `p90` (nearest rank) are those of past results, where there are some, else the
 * budget; `most` is the budget: what a step with its time limit cannot pass.
 */
export type Amount = {readonly median: number; readonly p90: number; readonly most: number};

/** Of one step. Null: unknown. */
export type Estimate = {
  readonly gpuHours: Amount | null;
  /** US dollars. */
  readonly usd: {readonly gpus: Amount | null; readonly api: Amount | null};
  /** How many past results it rests on; 0 for the budget alone. */
  readonly results: number;
};

/** The bills of past results that are like a step: of its stage, its value on the stage's first axis, its budget. */
export type PastBills = (step: Step) => readonly Bill[];

export type Estimates = (step: Step) => Estimate;

/** `gpuHourUsd`: the price of an hour of one GPU, where there is one. */
export const estimatesBy =
  (past: PastBills, gpuHourUsd: number | undefined): Estimates =>
  (step) => {
    const {gpus} = step.spec.resources;
    if (gpus === 0 && !step.stage.bill) return FREE;
    const bills = past(step);
    const gpuHours = hoursOf(step, bills);
    const price = gpuHourUsd === undefined ? null : gpuHourUsd;
    return {
      gpuHours,
      usd: {
        gpus: gpus === 0 ? ZERO : gpuHours === null || price === null ? null : times(gpuHours, price),
        api: apiUsdOf(step, bills),
      },
      results: bills.length,
    };
  };

const exactly = (value: number): Amount => ({median: value, p90: value, most: value});
const ZERO = exactly(0);
const FREE: Estimate = {gpuHours: ZERO, usd: {gpus: ZERO, api: ZERO}, results: 0};

const times = ({median, p90, most}: Amount, factor: number): Amount => ({
  median: median * factor,
  p90: p90 * factor,
  most: most * factor,
});

function hoursOf({spec: {resources}}: Step, bills: readonly Bill[]): Amount | null {
  const {gpus, seconds} = resources;
  if (gpus === 0) return ZERO;
  const held = spread(bills.map(({gpuHours}) => gpuHours.held));
  if (seconds === undefined) return held;
  // What a job holds before its run begins and in its grace is no part of its budget.
  const most = (gpus * seconds) / 3600;
  return held === null ? exactly(most) : {median: Math.min(held.median, most), p90: Math.min(held.p90, most), most};
}

/** API calls have no bound but their p90: no job is ended for what it spends. */
function apiUsdOf({stage, spec}: Step, bills: readonly Bill[]): Amount | null {
  if (!stage.bill) return ZERO;
  const known = spread(bills.flatMap(({usd}) => usd.api ?? []));
  if (known !== null) return known;
  const {usdPerHour, resources} = spec;
  if (usdPerHour === 0) return ZERO;
  if (usdPerHour === undefined || resources.seconds === undefined) return null;
  return exactly((usdPerHour * resources.seconds) / 3600);
}

function spread(values: readonly number[]): Amount | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (n: number): number => sorted[n]!;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const p90 = at(Math.ceil(0.9 * sorted.length) - 1);
  return {median, p90, most: p90};
}

/** Null as soon as one of them is unknown. */
export function sum(amounts: readonly (Amount | null)[]): Amount | null {
  let total = ZERO;
  for (const amount of amounts) {
    if (amount === null) return null;
    total = {median: total.median + amount.median, p90: total.p90 + amount.p90, most: total.most + amount.most};
  }
  return total;
}

export const usdOf = ({usd}: Pick<Estimate, 'usd'>): Amount | null => sum([usd.gpus, usd.api]);
