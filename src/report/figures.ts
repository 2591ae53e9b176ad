import {describeSeconds} from '../base/quantity.js';

/** A score as the benchmark's own table has it: four decimals. */
export const digits = (score: number | null, std: number | null = null): string =>
  score === null ? '–' : score.toFixed(4) + (std === null ? '' : ` ± ${std.toFixed(4)}`);

export const workTime = (hours: number | null): string =>
  hours === null ? '' : hours < 0.1 ? `${(hours * 3600).toFixed(0)} s` : `${hours.toFixed(2)} h`;

export const money = (usd: number | null): string => (usd === null ? '' : `$${usd.toFixed(2)}`);

export const duration = (seconds: number | null): string => (seconds === null ? '' : describeSeconds(seconds));
