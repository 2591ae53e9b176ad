import {isObject} from '../base/json.js';
import {readText} from '../store/write.js';

/** What one GPU did at one moment; null is what its driver does not say. */
export type Sample = {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly gpu: string;
  /** Percent of the time in which a kernel ran. */
  readonly utilization: number | null;
  readonly memoryMb: number | null;
  readonly totalMb: number | null;
  readonly watts: number | null;
};

export type TelemetrySummary = {
  readonly gpus: number;
  readonly meanUtilization: number | null;
  readonly maxMemoryMb: number | null;
  readonly totalMb: number | null;
  readonly meanWatts: number | null;
  readonly maxWatts: number | null;
  /** The mean power over the time between first and last sample, of all GPUs together. */
  readonly wattHours: number | null;
};

/** The samples of a job's `telemetry.jsonl`; what a killed job left half written is no sample. */
export function readTelemetry(file: string): Sample[] {
  return (readText(file) ?? '').split('\n').flatMap((line): Sample[] => {
    try {
      const value: unknown = JSON.parse(line);
      if (!isObject(value) || typeof value.time !== 'number' || typeof value.gpu !== 'string') return [];
      const figure = (name: string): number | null => {
        const found = value[name];
        return typeof found === 'number' && Number.isFinite(found) ? found : null;
      };
      const {time, gpu} = value;
      return [
        {
          time,
          gpu,
          utilization: figure('utilization'),
          memoryMb: figure('memoryMb'),
          totalMb: figure('totalMb'),
          watts: figure('watts'),
        },
      ];
    } catch {
      return [];
    }
  });
}

export function summarize(samples: readonly Sample[]): TelemetrySummary {
  const figures = (pick: (sample: Sample) => number | null): number[] =>
    samples.map(pick).filter((figure) => figure !== null);
  const mean = (list: readonly number[]): number | null =>
    list.length === 0 ? null : list.reduce((sum, one) => sum + one, 0) / list.length;
  const most = (list: readonly number[]): number | null =>
    list.length === 0 ? null : list.reduce((a, b) => Math.max(a, b));
  const gpus = new Set(samples.map(({gpu}) => gpu)).size;
  const watts = figures((sample) => sample.watts);
  const times = samples.map(({time}) => time);
  const meanWatts = mean(watts);
  const hours = samples.length === 0 ? 0 : (times.reduce((a, b) => Math.max(a, b)) - times[0]!) / 3.6e6;
  return {
    gpus,
    meanUtilization: mean(figures((sample) => sample.utilization)),
    maxMemoryMb: most(figures((sample) => sample.memoryMb)),
    totalMb: most(figures((sample) => sample.totalMb)),
    meanWatts,
    maxWatts: most(watts),
    wattHours: meanWatts === null ? null : meanWatts * hours * gpus,
  };
}
