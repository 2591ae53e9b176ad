// Files of 100 MB and nesting of 100 000 levels, one a process: `tsx giants.ts NAME` handles it, and says what it came to.
import {closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {importUpstreamCommand} from '../../src/cli/import.js';
import {planCommand} from '../../src/cli/plan.js';
import {tableCommand} from '../../src/cli/table.js';
import {readTrace} from '../../src/report/trace.js';
import {lastLines} from '../../src/run/attempt.js';
import {collect} from '../../src/store/collect.js';
import {readOverrides} from '../../src/store/overrides.js';
import {attemptPaths, runsAt} from '../../src/store/paths.js';
import {readJson, readLeft} from '../../src/store/write.js';
import {verify} from '../../src/store/verify.js';
import {call, type Said} from './call.js';

const MB = 1 << 20;
const SIZE = 100 * MB;
const LEVELS = 100_000;

/** A file of `size` bytes: a head, then the same piece again and again, then an end. */
function large(file: string, head: string, piece: string, end = '', size = SIZE): void {
  const handle = openSync(file, 'w');
  const block = Buffer.from(piece.repeat(Math.ceil(MB / piece.length)));
  writeSync(handle, head);
  for (let written = 0; written < size; written += block.length) writeSync(handle, block);
  writeSync(handle, end);
  closeSync(handle);
}

const deep = (open: string, close: string): string => `${open.repeat(LEVELS)}1${close.repeat(LEVELS)}`;

const PIPELINE = 'name: t\nmatrix: {agent: [a], model: [m], benchmark: [b]}\nsandbox: {use: none}\n';
const STAGE = 'for: [agent, model, benchmark]\nrun: ["true"]\noutputs: {metrics: metrics.json}\n';
const SCHEMA = fileURLToPath(new URL('../../stages/evaluate/metrics.schema.json', import.meta.url));
const NOTHING = {profile: [], set: []};

function project(root: string, pipeline: string = PIPELINE): string {
  mkdirSync(join(root, 'stages/evaluate'), {recursive: true});
  writeFileSync(join(root, 'stages/evaluate/stage.yaml'), STAGE);
  writeFileSync(join(root, 'pipeline.yaml'), pipeline);
  return join(root, 'pipeline.yaml');
}

/** An attempt that left this metrics.json. */
function left(root: string, write: (file: string) => void): Promise<Said> {
  const paths = attemptPaths(root);
  for (const folder of [paths.work, paths.made]) mkdirSync(folder);
  write(join(paths.work, 'metrics.json'));
  return call(async ({err}) => {
    const output = {name: 'metrics', path: 'metrics.json', optional: false, schema: 'metrics.schema.json'};
    const found = await collect(paths, [output], () => SCHEMA);
    if (found.kind === 'refused') err(`metrics.json:1: ${found.because}\n`);
    return found.kind === 'refused' ? 2 : 0;
  });
}

/** Undefined is what all of these are to come to. */
const unread = (read: () => unknown): Promise<Said> => call(() => (read() === undefined ? 0 : 70));

const GIANTS: Readonly<Record<string, (root: string) => Promise<Said>>> = {
  'pipeline.yaml of 100 MB': (root) => {
    const file = project(root);
    large(file, PIPELINE, '# a comment of some length\n');
    return call((terminal) => planCommand({...NOTHING, file}, terminal));
  },
  'pipeline.yaml, 100 000 lists in each other': (root) => {
    const file = project(root, `name: ${deep('[', ']')}\n`);
    return call((terminal) => planCommand({...NOTHING, file}, terminal));
  },
  'pipeline.yaml, 100 000 maps in each other': (root) => {
    const file = project(root, `name: ${deep('{a: ', '}')}\n`);
    return call((terminal) => planCommand({...NOTHING, file}, terminal));
  },
  '--set with 100 000 lists in each other': (root) => {
    const file = project(root);
    return call((terminal) => planCommand({file, profile: [], set: [`name=${deep('[', ']')}`]}, terminal));
  },
  'an override of 100 MB': (root) => {
    large(join(root, 'x.yaml'), 'verdict: clean\n', 'because: &a [x, x]\n');
    return call(() => (readOverrides(root).problems.length === 1 ? 0 : 70));
  },
  'metrics.json of 100 MB': (root) => left(root, (file) => large(file, '{"accuracy": 0.5, "n": 1, "x": "', 'x', '"}')),
  'metrics.json of 60 MB': (root) =>
    left(root, (file) => large(file, '{"accuracy": 0.5, "n": 1, "x": [1', ', 1', ']}', 60 * MB)),
  'metrics.json, 100 000 maps in each other': (root) =>
    left(root, (file) => writeFileSync(file, `{"accuracy": 0.5, "n": 1, "x": ${deep('{"a":', '}')}}`)),
  'failure.json of 100 MB': (root) => {
    large(join(root, 'failure.json'), '{"class": "failed", "because": "', 'x', '"}');
    return unread(() => readLeft(root, 'failure.json'));
  },
  'a record of 100 MB': (root) => {
    large(join(root, 'result.json'), '{"version": 1, "x": "', 'x', '"}');
    return unread(() => readJson(join(root, 'result.json')));
  },
  'a trace of 100 MB': (root) => {
    large(join(root, 'trace.jsonl'), '', '{"kind": "message", "text": "some words that an agent says"}\n');
    return call(() => {
      let entries = 0;
      for (const entry of readTrace(join(root, 'trace.jsonl'))) entries += Number(entry.kind === 'message');
      return entries > 1_000_000 ? 0 : 70;
    });
  },
  'a trace of one line of 100 MB': (root) => {
    large(join(root, 'trace.jsonl'), '{"kind": "message", "text": "', 'x');
    return call(() => ([...readTrace(join(root, 'trace.jsonl'))].length === 1 ? 0 : 70));
  },
  'a trace, 100 000 maps in each other': (root) => {
    writeFileSync(join(root, 'trace.jsonl'), `{"event": ${deep('{"a":', '}')}}\n`);
    return call(() => ([...readTrace(join(root, 'trace.jsonl'))].length === 1 ? 0 : 70));
  },
  'a log of one line of 100 MB': (root) => {
    large(join(root, 'stdout.log'), '', 'x');
    return call(() => (lastLines([join(root, 'stdout.log')], 8).join('').length < 10_000 ? 0 : 70));
  },
  'a journal of 100 MB': async (root) => {
    mkdirSync(join(root, 'journal'));
    large(join(root, 'journal/1.jsonl'), '', '{"time": "2026-01-01T00:00:00Z", "previous": "0", "event": "x"}\n');
    return call(async () => ((await verify(runsAt(root))).damages.length === 1 ? 0 : 70));
  },
  'an imported metrics.json of 100 MB': (root) => {
    const file = project(root);
    const run = join(root, 'tree/a_10h/gsm8k_Qwen_Qwen3-4B-Base_1');
    mkdirSync(join(run, 'final_model'), {recursive: true});
    large(join(run, 'metrics.json'), '{"accuracy": 0.5, "x": "', 'x', '"}');
    return call(async (terminal) => {
      const code = importUpstreamCommand(join(root, 'tree'), {...NOTHING, file}, terminal);
      return code === 0 ? tableCommand({...NOTHING, file, format: 'text'}, terminal) : code;
    });
  },
};

export const NAMES = Object.keys(GIANTS);

/** What a giant came to in a process of its own. */
export type Giant = Said & {readonly ms: number; readonly peakMb: number};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-giant-'));
  try {
    const said = await GIANTS[process.argv[2]!]!(root);
    const {user, system} = process.cpuUsage();
    const giant: Giant = {...said, ms: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024};
    process.stdout.write(JSON.stringify(giant));
  } finally {
    rmSync(root, {recursive: true});
  }
}
