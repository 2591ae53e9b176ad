// npm run bench:gpu-docs: docs/gpu.md's figures and pictures from bench/gpu/results, which run.sh left on the machine.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {format, resolveConfig} from 'prettier';
import {SERIES, timeline} from '../../src/report/site/charts.js';
import {telemetryCharts} from '../../src/report/site/telemetry.js';
import {readTelemetry, summarize} from '../../src/report/telemetry.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const results = join(root, 'bench/gpu/results');
const read = (name: string): string => readFileSync(join(results, name), 'utf8');

type Figure = {
  readonly items: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly bound_seconds: number;
};
type Program = {
  readonly items: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly asking_seconds: number;
};
type Recorded = {
  readonly step: string;
  readonly started: string;
  readonly ended: string;
  readonly gpus: readonly string[];
};
type Limits = {
  readonly seconds: {readonly run: number};
  readonly held_mib: number;
  readonly free_after: number;
  readonly next_after: number;
};

/** A picture for itself: the light colours of the site's style sheet, which is not there. */
function alone(svg: string, title: string): string {
  const css = readFileSync(join(root, 'src/report/site/client/site.css'), 'utf8');
  const colours = new Map(
    [...css.matchAll(/(--[a-z0-9-]+): light-dark\((#[0-9a-f]+)/g)].map(([, name, light]) => [name!, light!]),
  );
  return svg
    .replaceAll(/var\((--[a-z0-9-]+)\)/g, (_, name: string) => colours.get(name) ?? '#16181d')
    .replaceAll('currentColor', '#16181d')
    .replace('background:transparent', 'background:#ffffff')
    .replace(
      '<svg ',
      `<svg ${svg.includes(' xmlns=') ? '' : 'xmlns="http://www.w3.org/2000/svg" '}aria-description="${title}" `,
    );
}

const seconds = (record: Recorded): number => (Date.parse(record.ended) - Date.parse(record.started)) / 1000;
const stageOf = ({step}: Recorded): string => step.split(':')[0]!;

const records = JSON.parse(read('records.json')) as Recorded[];
const onGpu = records.filter(({gpus}) => gpus.length > 0);
const uuids = [...new Set(onGpu.flatMap(({gpus}) => gpus))].sort();
const stages = [...new Set(onGpu.map((record) => stageOf(record)))];
const lanes = timeline(
  'Which step held which GPU when',
  uuids.map((_, n) => `GPU ${n + 1}`),
  onGpu.flatMap(({step, started, ended, gpus}) =>
    gpus.map((gpu) => ({
      lane: `GPU ${uuids.indexOf(gpu) + 1}`,
      from: new Date(started),
      to: new Date(ended),
      ink: SERIES[stages.indexOf(step.split(':')[0]!)]!,
      tip: step,
    })),
  ),
).text;
mkdirSync(join(root, 'docs'), {recursive: true});
writeFileSync(join(root, 'docs/gpu-timeline.svg'), alone(lanes, stages.join(', ')));
const samples = readTelemetry(join(results, 'telemetry-fetch.jsonl'));
const panels = telemetryCharts(samples, 'fetch').text.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
panels.forEach((svg, n) =>
  writeFileSync(join(root, `docs/gpu-telemetry-${n + 1}.svg`), alone(svg, 'telemetry of fetch')),
);

/** How long the steps of each stage that used a GPU took, and how long no step held it between the first and the last. */
function held(): string {
  const lines = stages.map((stage) => {
    const times = onGpu
      .filter((record) => stageOf(record) === stage)
      .map(seconds)
      .sort((a, b) => a - b);
    const [least, median, most] = [0, times.length >> 1, times.length - 1].map((at) => times[at]!.toFixed(0));
    return `| ${stage} | ${times.length} | ${least} s | ${median} s | ${most} s |`;
  });
  const starts = onGpu.map(({started}) => Date.parse(started));
  const ends = onGpu.map(({ended}) => Date.parse(ended));
  const span = (Math.max(...ends) - Math.min(...starts)) / 1000;
  const busy = onGpu.map(seconds).reduce((sum, one) => sum + one, 0) / uuids.length;
  return [
    '| stage | steps | shortest | median | longest |',
    '| --- | --: | --: | --: | --: |',
    ...lines,
    '',
    `From the first of them to the last it took ${span.toFixed(0)} s, of which ${((100 * busy) / span).toFixed(1)} % had a step that held the GPU.`,
  ].join('\n');
}

function throughput(): string {
  const speed = JSON.parse(read('throughput.json')) as Readonly<Record<'ours' | 'upstream', Figure>> &
    Readonly<Record<`program_${'hf' | 'vllm'}_${'ours' | 'upstream'}`, Program>> & {
      readonly copy_bytes_per_second: number;
      readonly vllm: {readonly version: string};
    };
  const row = (name: string, {items, tokens, seconds: time, bound_seconds: bound}: Figure): string =>
    `| ${name} | ${items} | ${tokens.toLocaleString('en')} | ${time.toFixed(1)} s | ${(tokens / time).toFixed(0)} | ${bound.toFixed(1)} s | ${((100 * bound) / time).toFixed(0)} % |`;
  const rate = ({tokens, seconds: time}: Figure): number => tokens / time;
  const asked = ({tokens, asking_seconds: time}: Program): number => tokens / time;
  const programs = (['hf', 'vllm'] as const).map((engine) => {
    const [ours, upstream] = [speed[`program_${engine}_ours`], speed[`program_${engine}_upstream`]];
    return `| ${engine} | ${ours.seconds.toFixed(0)} s | ${ours.asking_seconds} s | ${asked(ours).toFixed(0)} | ${upstream.asking_seconds} s | ${asked(upstream).toFixed(0)} | ${(asked(ours) / asked(upstream)).toFixed(1)} |`;
  });
  return [
    '| settings | items | tokens | time | tokens/s | bound | of the bound |',
    '| --- | --: | --: | --: | --: | --: | --: |',
    row('ours: 512 rows, 92 % of the memory', speed.ours),
    row('upstream: 2 rows, 30 %', speed.upstream),
    '',
    `Ratio of tokens a second: ${(rate(speed.ours) / rate(speed.upstream)).toFixed(1)}. Copy on the device: ${(speed.copy_bytes_per_second / 1e12).toFixed(2)} TB/s.`,
    '',
    `\`evaluate.py\` around it, and with vLLM ${speed.vllm.version}: wall time of all ${speed.program_hf_ours.items} items with imports and loading, of it the time from the first question to the last answer (by inspect-ai's log, in whole seconds), and ${speed.program_hf_upstream.items} items in upstream's settings:`,
    '',
    '| engine | wall time | asking | tokens/s | asking, upstream | tokens/s | ratio |',
    '| --- | --: | --: | --: | --: | --: | --: |',
    ...programs,
  ].join('\n');
}

function limits(): string {
  const found = JSON.parse(read('limits.json')) as Limits;
  return `The agent ran for ${found.seconds.run.toFixed(1)} s and held ${found.held_mib} MiB; ${found.free_after} s after its end the GPU was free, and after ${found.next_after} s the next step had it.`;
}

function power(): string {
  const {maxMemoryMb, meanWatts, maxWatts, wattHours} = summarize(samples);
  return [
    `Pre-training: ${samples.length} samples, at most ${maxMemoryMb} MiB, ${meanWatts?.toFixed(0)} W on average, at most ${maxWatts?.toFixed(0)} W, ${wattHours?.toFixed(1)} Wh.`,
    `The sampler: ${read('sampler.txt').trim()}.`,
  ].join('\n');
}

const block = (text: string): string => ['```', text.trim(), '```'].join('\n');
const lines = (name: string, wanted: RegExp): string =>
  read(name)
    .split('\n')
    .filter((line) => wanted.test(line))
    .join('\n');
const bodies: Record<string, string> = {
  machine: block(read('machine.txt')),
  table: read('table.md').trim(),
  held: held(),
  guard: block(lines('guard.txt', /^(ok|FAILED)/)),
  adoption: block(lines('pipeline.log', /^(\S+ (run|controller|ended)|process |adopt )/)),
  'over-time': block(lines('limits.log', /./)),
  limits: limits(),
  power: power(),
  throughput: throughput(),
};
const page = join(root, 'docs/gpu.md');
const text = readFileSync(page, 'utf8').replaceAll(
  /(<!-- ([a-z-]+) -->\n)[\s\S]*?(\n<!-- end -->)/g,
  (_, head: string, mark: string, tail: string) => `${head}\n${bodies[mark]!}\n${tail}`,
);
writeFileSync(page, await format(text, {...(await resolveConfig(page)), filepath: page}));
