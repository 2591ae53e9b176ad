import * as Plot from '@observablehq/plot';
import {describeBytes} from '../../base/quantity.js';
import {summarize, type Sample} from '../telemetry.js';
import {draw, SERIES} from './charts.js';
import {html, type Html} from './html.js';

/** More points than a plot has pixels say nothing. */
const MOST_POINTS = 720;

const PANELS = [
  {title: '↑ GPU busy (%)', of: ({utilization}: Sample) => utilization, from: 100},
  {
    title: '↑ memory (GB)',
    of: ({memoryMb}: Sample) => (memoryMb === null ? null : (memoryMb * 1.048576) / 1000),
    from: 1,
  },
  {title: '↑ power (W)', of: ({watts}: Sample) => watts, from: 100},
] as const;

/** What a step's GPUs did: numbers, and a curve for each GPU. Nothing where nothing was sampled. */
export function telemetryOf(samples: readonly Sample[], step: string): Html {
  if (samples.length === 0) return html``;
  const {gpus, meanUtilization, maxMemoryMb, totalMb, meanWatts, maxWatts, wattHours} = summarize(samples);
  const whole = (figure: number | null, unit: string): string =>
    figure === null ? 'unknown' : `${figure.toFixed(0)} ${unit}`;
  const memory = (mb: number | null): string => (mb === null ? 'unknown' : describeBytes(mb * 2 ** 20));
  return html`<h3>GPU</h3>
    <dl class="facts">
      <dt>GPUs</dt>
      <dd>${String(gpus)}, ${String(samples.length)} samples</dd>
      <dt>busy</dt>
      <dd>${whole(meanUtilization, '%')} on average</dd>
      <dt>memory</dt>
      <dd>at most ${memory(maxMemoryMb)} of ${memory(totalMb)}</dd>
      <dt>power</dt>
      <dd>
        ${whole(meanWatts, 'W')} on average, at most
        ${whole(maxWatts, 'W')}${wattHours === null ? '' : `, ${wattHours.toFixed(1)} Wh`}
      </dd>
    </dl>
    ${telemetryCharts(samples, step)}`;
}

/** Utilisation, memory and power over the time since the first sample. */
export function telemetryCharts(samples: readonly Sample[], step: string): Html {
  const start = samples[0]!.time;
  const names = [...new Set(samples.map(({gpu}) => gpu))];
  const every = Math.ceil(samples.length / MOST_POINTS / names.length);
  const points = samples
    .filter((_sample, n) => Math.floor(n / names.length) % every === 0)
    .map((sample) => ({
      sample,
      minute: (sample.time - start) / 60_000,
      ink: SERIES[names.indexOf(sample.gpu) % SERIES.length]!,
    }));
  return html`${PANELS.map(({title, of, from}) =>
    draw(`${title.slice(2)} of ${step} over its time`, {
      width: 720,
      height: 130,
      marginLeft: 60,
      marginBottom: 34,
      x: {label: 'minutes →', labelOffset: 32, grid: true, zero: true},
      y: {label: title, grid: true, zero: true, nice: true, ticks: 4},
      marks: [
        Plot.ruleY([0], {stroke: 'currentColor'}),
        Plot.ruleY([from], {strokeOpacity: 0}),
        Plot.line(points, {
          x: 'minute',
          y: ({sample}: (typeof points)[number]) => of(sample),
          z: 'ink',
          stroke: 'ink',
          strokeWidth: 1.5,
        }),
        Plot.dot(points, {x: 'minute', y: ({sample}: (typeof points)[number]) => of(sample), r: 1.8, fill: 'ink'}),
      ],
    }),
  )}`;
}
