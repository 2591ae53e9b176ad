import {cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {planCommand} from '../../../src/cli/plan.js';
import {call, type Target} from '../call.js';
import {inBytes, mutate} from '../mutate.js';
import {NAMES, SCALARS} from '../odd.js';
import type {Random} from '../random.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** pipeline.yaml and every stage, agent, eval and lock of this repository: one of them is spoiled, and the pipeline planned. */
export function configuration(): Target & Disposable {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'fuzz-config-')));
  for (const part of ['pipeline.yaml', 'stages', 'agents', 'evals', 'containers']) {
    cpSync(join(REPOSITORY, part), join(root, part), {
      recursive: true,
      filter: (path) => !/__pycache__|\.venv|node_modules|\/tests(\/|$)/.test(path),
    });
  }
  writeFileSync(join(root, 'pipeline.lock.yaml'), 'version: 1\npins:\n  Qwen/Qwen3-4B: "0123456789abcdef"\n');
  const files = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.yaml'));
  return {
    name: 'configuration',
    run: async (random) => {
      const file = join(root, random.chance(0.5) ? 'pipeline.yaml' : random.pick(files));
      const whole = readFileSync(file, 'utf8');
      const flags = random.chance(0.2) ? oddFlags(random) : {profile: random.chance(0.5) ? ['smoke'] : [], set: []};
      // A flag is mistaken in a file that is right.
      if (flags.set.length === 0) writeFileSync(file, inBytes(mutate(whole, random), random));
      try {
        return await call((terminal) => planCommand({...flags, file: join(root, 'pipeline.yaml')}, terminal));
      } finally {
        writeFileSync(file, whole);
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

const PATHS = [
  'name',
  'matrix',
  'matrix.hours',
  'matrix.agent',
  'catalog.agent',
  'gpus.count',
  'limits',
  'score.flagged',
  'sandbox',
  'executor.cpus',
  'x',
];

/** `--set`, `--profile`, `--only`, `--until` and `--rerun` as nobody means them. */
function oddFlags(random: Random): {
  profile: string[];
  set: string[];
  only?: string[];
  until?: string;
  rerun?: string[];
} {
  const text = (): string => String(random.pick([...SCALARS, ...NAMES]));
  const path = (): string =>
    random.pick([...PATHS, text(), `${random.pick(PATHS)}.${text()}`, `"${text()}".${text()}`]);
  const value = (): string =>
    random.pick([
      text(),
      `[${text()}`,
      `{${text()}: ${text()}}`,
      `[${text()}, ${text()}]`,
      '['.repeat(50_000),
      '&a [*a, *a]',
    ]);
  return {
    profile: random.chance(0.1) ? [text()] : [],
    set: Array.from({length: 1 + random.below(3)}, () => (random.chance(0.1) ? text() : `${path()}=${value()}`)),
    ...(random.chance(0.2) ? {only: [random.pick([text(), `${text()}=${text()}`, 'model=*'])]} : {}),
    ...(random.chance(0.1) ? {until: text()} : {}),
    ...(random.chance(0.1) ? {rerun: [random.pick([text(), `${text()}:${text()}=${text()}`])]} : {}),
  };
}
