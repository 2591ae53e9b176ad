/** What one attempt cost, whatever its outcome. Null: nobody knows, which is never the same as 0. */
export type Bill = {
  readonly gpus: number;
  /** Seconds that its run script had at most; null for no limit. */
  readonly limit: number | null;
  /** GPUs × hours: while its run script worked, and from the job's start to its end, while no other could have them. */
  readonly gpuHours: {readonly active: number; readonly held: number};
  /** US dollars: the GPUs it held at the price of the day, and its API calls as the job reports them. */
  readonly usd: {readonly gpus: number | null; readonly api: number | null};
  /** As the job reports them; null where it reports none. */
  readonly tokens: Tokens | null;
};

/** Of an attempt without GPU, time limit and API calls. */
export const FREE: Bill = {
  gpus: 0,
  limit: null,
  gpuHours: {active: 0, held: 0},
  usd: {gpus: 0, api: 0},
  tokens: null,
};

export const isFree = (bill: Bill): boolean => JSON.stringify(bill) === JSON.stringify(FREE);

export type Tokens = {readonly input: number; readonly cached: number; readonly output: number};

/** The bills of several attempts in one. */
export type Spent = {
  readonly attempts: number;
  readonly gpuHours: {readonly active: number; readonly held: number};
  /** US dollars, as far as they are known. */
  readonly usd: {readonly gpus: number; readonly api: number};
  /** Attempts of which a part of the money is not known. */
  readonly unknown: {readonly gpus: number; readonly api: number};
  readonly tokens: Tokens;
};

export const NOTHING_SPENT: Spent = {
  attempts: 0,
  gpuHours: {active: 0, held: 0},
  usd: {gpus: 0, api: 0},
  unknown: {gpus: 0, api: 0},
  tokens: {input: 0, cached: 0, output: 0},
};

export const addBill = (spent: Spent, {gpuHours, usd, tokens}: Bill): Spent =>
  addSpent(spent, {
    attempts: 1,
    gpuHours,
    usd: {gpus: usd.gpus ?? 0, api: usd.api ?? 0},
    unknown: {gpus: Number(usd.gpus === null), api: Number(usd.api === null)},
    tokens: tokens ?? NOTHING_SPENT.tokens,
  });

export const addSpent = (a: Spent, b: Spent): Spent => ({
  attempts: a.attempts + b.attempts,
  gpuHours: {active: a.gpuHours.active + b.gpuHours.active, held: a.gpuHours.held + b.gpuHours.held},
  usd: {gpus: a.usd.gpus + b.usd.gpus, api: a.usd.api + b.usd.api},
  unknown: {gpus: a.unknown.gpus + b.unknown.gpus, api: a.unknown.api + b.unknown.api},
  tokens: {
    input: a.tokens.input + b.tokens.input,
    cached: a.tokens.cached + b.tokens.cached,
    output: a.tokens.output + b.tokens.output,
  },
});

export const spentOn = (bills: readonly Bill[]): Spent => bills.reduce(addBill, NOTHING_SPENT);

/** US dollars in all; null where nothing of it is known. `isWhole`: no attempt lacks a part. */
export function money({usd, unknown}: Spent): {readonly usd: number | null; readonly isWhole: boolean} {
  const isWhole = unknown.gpus + unknown.api === 0;
  const known = usd.gpus + usd.api;
  return {usd: isWhole || known > 0 ? known : null, isWhole};
}

/** `1.5 GPU-hours, $6.60 ($4.50 for GPUs, $2.10 for API calls)`; empty where nothing was spent. */
export function describeSpent(spent: Spent): string {
  const {gpuHours, usd, unknown} = spent;
  const parts = [
    ...(usd.gpus > 0 ? [`${dollars(usd.gpus)} for GPUs`] : []),
    ...(unknown.gpus > 0 ? [usd.gpus > 0 ? 'more for GPUs without a price' : 'GPUs without a price'] : []),
    ...(usd.api > 0 ? [`${dollars(usd.api)} for API calls`] : []),
    ...(unknown.api > 0 ? [`API calls of ${attempts(unknown.api)} unknown`] : []),
  ];
  const hours = gpuHours.held > 0 ? [`${gpuHours.held.toFixed(2)} GPU-hours`] : [];
  if (hours.length + parts.length === 0) return '';
  const {usd: sum, isWhole} = money(spent);
  const total = sum === null ? 'money unknown' : `${isWhole ? '' : 'at least '}${dollars(sum)}`;
  return [...hours, parts.length === 0 ? total : `${total} (${parts.join(', ')})`].join(', ');
}

export const dollars = (usd: number): string => `$${usd.toFixed(2)}`;

const attempts = (count: number): string => (count === 1 ? '1 attempt' : `${count} attempts`);

/** The shape that `--json` prints. */
export const spentJson = (spent: Spent): object => ({
  attempts: spent.attempts,
  gpu_hours: spent.gpuHours,
  usd: money(spent).usd,
  usd_is_whole: money(spent).isWhole,
  gpu_usd: spent.usd.gpus,
  api_usd: spent.usd.api,
  unknown: spent.unknown,
  tokens: spent.tokens,
});
