import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {tableCommand} from '../../../src/cli/table.js';
import {printableLine} from '../../../src/report/style.js';
import {collect} from '../../../src/store/collect.js';
import {attemptPaths} from '../../../src/store/paths.js';
import {call, type Target} from '../call.js';
import {mutateBytes} from '../mutate.js';
import {mutateJson} from '../mutate-json.js';
import type {Random} from '../random.js';

const SCHEMA = fileURLToPath(new URL('../../../stages/evaluate/metrics.schema.json', import.meta.url));

const METRICS = '{"accuracy": 0.25, "stderr": 0.01, "n": 100}';
const AUDIT = JSON.stringify({
  version: 1,
  flagged: true,
  flags: ['C'],
  judged: 'flagged',
  work: '0'.repeat(64),
  findings: [
    {
      flag: 'C',
      source: 'contamination',
      severity: 'flag',
      summary: 'test items',
      evidence: [{file: 'train.jsonl', line: 3, excerpt: 'x', item: '1', overlap: 0.9}],
    },
  ],
});
const USAGE = '{"input_tokens": 10, "cached_tokens": 1, "output_tokens": 5, "cost_usd": 1.5, "turns": 3}';

const AT = {agent: 'a', model: 'm', benchmark: 'b'};

/** What steps leave, taken into a result by its stage's schema, and read into a table. */
export function metrics(): Target & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-metrics-'));
  return {
    name: 'metrics',
    run: async (random) => {
      const at = mkdtempSync(join(root, 'case-'));
      try {
        return random.chance(0.3) ? await collected(at, random) : await scored(at, random);
      } finally {
        rmSync(at, {recursive: true});
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

const spoiled = (text: string, random: Random): string | Buffer =>
  random.chance(0.7) ? mutateJson(text, random) : mutateBytes(Buffer.from(text), random);

/** An attempt's metrics.json, judged as it is when the job has ended. */
function collected(at: string, random: Random): ReturnType<Target['run']> {
  const paths = attemptPaths(at);
  mkdirSync(paths.work);
  mkdirSync(paths.made);
  writeFileSync(join(paths.work, 'metrics.json'), spoiled(METRICS, random));
  return call(async ({err}) => {
    const output = {name: 'metrics', path: 'metrics.json', optional: false, schema: 'metrics.schema.json'};
    const found = await collect(paths, [output], () => SCHEMA);
    if (found.kind === 'collected') {
      const {accuracy} = JSON.parse(readFileSync(join(paths.out, 'metrics.json'), 'utf8')) as {accuracy: number | null};
      return accuracy === null || (accuracy >= 0 && accuracy <= 1) ? 0 : 70;
    }
    err(`metrics.json:1: ${printableLine(found.because)}\n`);
    return found.because.length < 500 ? 2 : 70;
  });
}

/** The table of a gathering step, over results that are not what they should be. */
async function scored(at: string, random: Random): ReturnType<Target['run']> {
  const input = (stage: string): object => ({axes: AT, path: join(at, stage), seconds: 3600, sandbox: 'none'});
  const files = {
    evaluate: ['metrics.json', METRICS],
    audit: ['audit.json', AUDIT],
    trace: ['usage.json', USAGE],
    baseline: ['base.json', METRICS],
    'post-train': ['end.json', '{}'],
  } as const;
  for (const [stage, [name, text]] of Object.entries(files)) {
    mkdirSync(join(at, stage));
    writeFileSync(join(at, stage, name), random.chance(0.5) ? spoiled(text, random) : text);
  }
  const step = JSON.stringify({
    fields: {score: {average: 'plain', flagged: 'base', missing: 'base'}},
    needs: Object.fromEntries(Object.keys(files).map((stage) => [stage, [input(stage)]])),
  });
  const file = join(at, 'step.json');
  writeFileSync(file, random.chance(0.2) ? spoiled(step, random) : step);
  const format = random.pick(['text', 'csv', 'json', 'latex', 'markdown'] as const);
  const flags = {file: 'pipeline.yaml', profile: [], set: [], format, step: file, overrides: join(at, 'audits')};
  return call((terminal) => tableCommand(flags, terminal));
}
