import type {Cost, StepsCost} from '../plan/cost.js';
import {sum, type Amount} from '../plan/estimate.js';

type Part = keyof Amount;

const hours = (amount: Amount | null, part: Part): string => (amount === null ? 'unknown' : amount[part].toFixed(1));
const usd = (amount: Amount | null, part: Part): string =>
  amount === null
    ? 'unknown'
    : amount[part] > 0 && amount[part] < 100
      ? `$${amount[part].toFixed(2)}`
      : `$${amount[part].toFixed(0)}`;

const moneyOf = ({usd: {gpus, api}}: StepsCost): Amount | null => sum([gpus, api]);

/** The columns of the plan's table; what no step costs has none. */
export function costColumns(cost: Cost): {readonly head: string; readonly cell: (costs: StepsCost) => string}[] {
  const money = moneyOf(cost);
  const past = (part: Part) => ({
    head: `${part} GPU-hours`,
    cell: (costs: StepsCost): string => (costs.withPast === 0 ? '' : hours(costs.gpuHours, part)),
  });
  const pastMoney = (part: Part) => ({
    head: `${part} USD`,
    cell: (costs: StepsCost): string => (costs.withPast === 0 ? '' : usd(moneyOf(costs), part)),
  });
  const hasMoney = money === null || money.most > 0;
  return [
    {head: 'GPU-hours', cell: ({gpuHours}) => (gpuHours?.most === 0 ? '' : hours(gpuHours, 'most'))},
    ...(cost.withPast > 0 ? [past('median'), past('p90')] : []),
    ...(hasMoney ? [{head: 'USD', cell: (costs: StepsCost) => usd(moneyOf(costs), 'most')}] : []),
    ...(hasMoney && cost.withPast > 0 ? [pastMoney('median'), pastMoney('p90')] : []),
  ];
}

export function describeCost(cost: Cost): string[] {
  const work = [...cost.stages]
    .filter(([, {gpuHours}]) => gpuHours === null || gpuHours.most > 0)
    .map(([stage, {gpuHours}]) => `${stage} ${hours(gpuHours, 'most')}`);
  const line = (part: Part): string => `${hours(cost.gpuHours, part)} GPU-hours, money ${usd(moneyOf(cost), part)}`;
  return [
    `cost at most: ${hours(cost.gpuHours, 'most')} GPU-hours (${work.join(', ') || 'no GPU needed'}), money ${describeMoney(cost)}`,
    ...(cost.withPast > 0
      ? [`by past results, of ${cost.withPast} of ${cost.steps} steps: median ${line('median')}; p90 ${line('p90')}`]
      : []),
  ];
}

/** What is known of the money is said also where the whole is not. */
function describeMoney(cost: Cost): string {
  const {gpus, api} = cost.usd;
  if (gpus !== null && api !== null) return usd(moneyOf(cost), 'most');
  const lacking = [...cost.stages].filter(([, one]) => one.usd.api === null).map(([stage]) => stage);
  const parts = [
    gpus === null ? 'GPUs have no price' : gpus.most > 0 ? `${usd(gpus, 'most')} for GPUs` : '',
    api === null
      ? `API calls of ${lacking.join(', ')} unknown`
      : api.most > 0
        ? `${usd(api, 'most')} for API calls`
        : '',
  ];
  return `unknown (${parts.filter((part) => part !== '').join(', ')})`;
}

/** `cost` of `plan --json`. */
export const costJson = (cost: Cost): object => ({
  ...amounts(cost),
  stages: [...cost.stages].map(([stage, costs]) => ({stage, ...amounts(costs)})),
});

const amounts = (costs: StepsCost): object => {
  const money = moneyOf(costs);
  const at = (part: Part): object => ({gpu_hours: costs.gpuHours?.[part] ?? null, usd: money?.[part] ?? null});
  return {
    ...at('most'),
    gpu_usd: costs.usd.gpus?.most ?? null,
    api_usd: costs.usd.api?.most ?? null,
    median: at('median'),
    p90: at('p90'),
    from: {steps: costs.steps, with_past: costs.withPast},
  };
};
