// npm run bench:gpu-docs: docs/gpu.md's figures and pictures from bench/gpu/results, which run.sh left on the machine.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
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
type Recorded = {
  readonly step: string;
  readonly started: string;
  readonly ended: string;
  readonly gpus: readonly string[];
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

const records = JSON.parse(read('records.json')) as Recorded[];
const onGpu = records.filter(({gpus}) => gpus.length > 0);
const uuids = [...new Set(onGpu.flatMap(({gpus}) => gpus))].sort();
const stages = [...new Set(onGpu.map(({step}) => step.split(':')[0]!))];
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

const speed = JSON.parse(read('throughput.json')) as {
  readonly copy_bytes_per_second: number;
  readonly ours: Figure;
  readonly upstream: Figure;
};
const row = (name: string, {items, tokens, seconds, bound_seconds: bound}: Figure): string =>
  `| ${name} | ${items} | ${tokens.toLocaleString('en')} | ${seconds.toFixed(1)} s | ${(tokens / seconds).toFixed(0)} | ${bound.toFixed(1)} s | ${((100 * bound) / seconds).toFixed(0)} % |`;
const ratio = speed.ours.tokens / speed.ours.seconds / (speed.upstream.tokens / speed.upstream.seconds);
const {maxMemoryMb, meanWatts, maxWatts, wattHours} = summarize(samples);
const figures = [
  '| settings | items | tokens | time | tokens/s | bound | of the bound |',
  '| --- | --: | --: | --: | --: | --: | --: |',
  row('ours: 512 rows, 92 % of the memory', speed.ours),
  row('upstream: 2 rows, 30 %', speed.upstream),
  '',
  `Ratio of tokens a second: ${ratio.toFixed(1)}. Copy on the device: ${(speed.copy_bytes_per_second / 1e12).toFixed(2)} TB/s.`,
  `Telemetry of \`fetch\` (pre-training): ${samples.length} samples, at most ${maxMemoryMb} MiB, ${meanWatts?.toFixed(0)} W on average, at most ${maxWatts?.toFixed(0)} W, ${wattHours?.toFixed(1)} Wh.`,
].join('\n');
const page = join(root, 'docs/gpu.md');
const text = readFileSync(page, 'utf8');
const between = (mark: string, body: string, from: string): string =>
  from.replace(
    new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(\n<!-- end -->)`),
    (_, head: string, tail: string) => `${head}\n${body}\n${tail}`,
  );
writeFileSync(
  page,
  between(
    'guard',
    [
      '```',
      ...read('guard.txt')
        .split('\n')
        .filter((line) => /^(ok|FAILED)/.test(line)),
      '```',
    ].join('\n'),
    between('machine', ['```', read('machine.txt').trim(), '```'].join('\n'), between('throughput', figures, text)),
  ),
);
