// `npm run bench:site`: how long the site of a large matrix takes to build, how large its pages are, and how soon Chromium has
// them ready. Results are made up: 12 agents × 28 model-benchmark pairs × 3 replicates, each with a trace, two of them long.
import {mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {scoreOf} from '../../src/config/score.js';
import {buildSite} from '../../src/report/site/build.js';
import type {SiteCell, SiteData, SiteStep} from '../../src/report/site/model.js';
import type {CellEvidence} from '../../src/score/evidence.js';
import {tableOf} from '../../src/score/table.js';
import type {ResultRecord} from '../../src/store/result.js';
import {startChromium} from '../../test/rig/chromium.js';
import {measure} from './browser.js';

const TRACE_LINES = 300;
const LONG = [10, 100];
const ASSETS = fileURLToPath(new URL('../../dist/report/site/assets/', import.meta.url));

const range = (prefix: string, count: number): string[] => Array.from({length: count}, (_, n) => `${prefix}${n + 1}`);
const root = mkdtempSync(join(tmpdir(), 'ptb-bench-site-'));
const digest = 'a'.repeat(64);
const traceOf = (lines: number): string =>
  range('line ', lines)
    .map((text) =>
      JSON.stringify({time: '2026-01-01T00:00:00.000Z', kind: 'tool_call', tool: 'bash', text: `${text} `.repeat(20)}),
    )
    .join('\n');
const trace = traceOf(TRACE_LINES);
const longTraces = LONG.map((megabytes) => traceOf(Math.round((megabytes * 1e6) / (trace.length / TRACE_LINES))));

function stepOf(stage: string, at: SiteCell['at'], n: number, files: Record<string, string>): SiteStep {
  const dir = join(root, 'results', stage, Object.values(at).join('-'));
  mkdirSync(join(dir, 'out'), {recursive: true});
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, 'out', name), text);
  const started = Date.UTC(2026, 0, 1) + n * 60_000;
  const record = {
    version: 1,
    step: `${stage}:${Object.values(at).join(',')}`,
    key: digest,
    doc: {stage: {seconds: 36_000}},
    attempt: 1,
    outcome: {kind: 'exited', code: 0},
    outputs: Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, {digest, files: 1, bytes: text.length}]),
    ),
    started: new Date(started).toISOString(),
    ended: new Date(started + 3_600_000).toISOString(),
    seconds: {total: 3600, run: 3600},
    memoryMb: 100,
    host: 'bench',
    sandbox: 'bwrap',
    executor: 'local',
  } as unknown as ResultRecord;
  writeFileSync(join(dir, 'result.json'), JSON.stringify(record));
  return {
    id: record.step,
    stage,
    at,
    state: 'done',
    because: '',
    seconds: 3600,
    gpus: stage === 'audit' ? 0 : 1,
    result: {dir, folder: dir, record},
    failed: [],
  };
}

const at = range('agent-', 12).flatMap((agent) =>
  range('model-', 4).flatMap((model) =>
    range('bench-', 7).flatMap((benchmark) =>
      range('', 3).map((replicate) => ({agent, model, benchmark, hours: '10', replicate})),
    ),
  ),
);
const evidence = at.map((axes, n): CellEvidence => ({
  at: axes,
  metrics: {kind: 'known', value: {accuracy: (n % 97) / 100, stderr: 0.01, n: 100}},
  verdict: {kind: 'known', value: {flagged: false, flags: [], findings: []}},
  work: String(n),
  seconds: 3600,
  costUsd: 1,
}));
const settings = scoreOf({baselines: {}});
const table = tableOf({cells: evidence, baselines: new Map(), sandboxes: []}, settings);
const cells = at.map((axes, n): SiteCell => ({
  kind: 'agent',
  at: axes,
  label: Object.values(axes).join(' '),
  slug: Object.values(axes).join('-'),
  row: axes.agent,
  score: table.cells[n]!,
  steps: [
    stepOf('post-train', axes, n, {'trace.jsonl': longTraces[n] ?? trace, 'prompt.txt': 'Train it.'}),
    stepOf('audit', axes, n, {'audit.json': '{"flagged": false, "flags": [], "findings": []}'}),
    stepOf('evaluate', axes, n, {'metrics.json': '{"accuracy": 0.5, "stderr": 0.01, "n": 100}'}),
  ],
  shared: [],
  work: {seconds: 3600, limit: 36_000, outcome: 'exited'},
  usage: null,
  behaviour: null,
}));
const data: SiteData = {
  frame: {
    name: 'bench',
    version: '0',
    made: new Date().toISOString(),
    pages: ['index.html', 'breakdown.html', 'agents.html', 'run.html', 'cells.html'],
  },
  table,
  cells,
  imported: [],
  stages: [],
  steps: cells.flatMap(({steps}) => steps),
  ablated: [],
};

const out = join(root, 'site');
const time = (): number => {
  const began = performance.now();
  buildSite(out, ASSETS, data, settings, () => undefined);
  return (performance.now() - began) / 1000;
};
const [first, again] = [time(), time()];
const kb = (page: string): string => `${page} ${(statSync(join(out, page)).size / 1000).toFixed(0)} kB`;
process.stdout.write(
  `${cells.length} cells, traces of ${(trace.length / 1000).toFixed(0)} kB, ${cpus().length} CPUs\n` +
    `built in ${first.toFixed(1)} s, again with nothing changed in ${again.toFixed(1)} s\n` +
    `${data.frame.pages.map(kb).join(', ')}\n`,
);
const browser = await startChromium();
for (const line of await measure(browser, out, cells.slice(0, LONG.length + 1))) process.stdout.write(`${line}\n`);
await browser.close();
rmSync(root, {recursive: true});
