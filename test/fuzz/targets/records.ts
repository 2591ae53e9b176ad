import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {auditListCommand} from '../../../src/cli/audit.js';
import {auditOverrideCommand} from '../../../src/cli/audit-override.js';
import {gcCommand} from '../../../src/cli/gc.js';
import {importUpstreamCommand} from '../../../src/cli/import.js';
import {logsCommand} from '../../../src/cli/logs.js';
import {planCommand} from '../../../src/cli/plan.js';
import {runCommand} from '../../../src/cli/run.js';
import {statusCommand} from '../../../src/cli/status.js';
import {acceptCommand, listCommand, showCommand} from '../../../src/cli/step.js';
import {verifyCommand} from '../../../src/cli/store.js';
import {tableCommand} from '../../../src/cli/table.js';
import type {Terminal} from '../../../src/cli/terminal.js';
import {whyCommand} from '../../../src/cli/why.js';
import {call, type Target} from '../call.js';
import {mutate, mutateBytes} from '../mutate.js';
import {mutateJson} from '../mutate-json.js';
import type {Random} from '../random.js';

const PROJECT: Readonly<Record<string, string>> = {
  'pipeline.yaml': [
    'name: t',
    'matrix: {agent: [a], model: [m], benchmark: [b]}',
    'executor: {use: local, cpus: 2, memory: 1GB}',
    'sandbox: {use: none}',
    'limits: {hub: 1}',
    '',
  ].join('\n'),
  'stages/make/stage.yaml': 'for: [model]\nrun: [sh, -c, "echo 1 > out.txt"]\nuses: [hub]\noutputs: {out: out.txt}\n',
  'stages/evaluate/stage.yaml':
    'for: [agent, model, benchmark]\nneeds: [make]\nrun: [sh, make.sh]\nprepare: [sh, -c, "cp $PTB_FILES/stages/evaluate/make.sh ."]\noutputs: {metrics: metrics.json}\nbill: usage.json\n',
  'stages/evaluate/make.sh': `echo '{"accuracy": 0.5, "n": 4}' > metrics.json\necho '{"cost_usd": 1.5}' > usage.json\n`,
  'stages/audit/stage.yaml':
    'for: [agent, model, benchmark]\nneeds: [evaluate]\nrun: [sh, -c, "cp $PTB_FILES/stages/audit/verdict.json audit.json"]\noutputs: {audit: audit.json}\n',
  'stages/audit/verdict.json':
    '{"flagged": true, "flags": ["C"], "work": "0123", "findings": [{"flag": "C", "source": "x", "summary": "test items"}]}',
  'stages/broken/stage.yaml': 'for: [model]\nrun: [sh, -c, "echo no; exit 1"]\noutputs: {out: out.txt}\n',
  'tree/some_agent_10h/gsm8k_Qwen_Qwen3-4B-Base_1/metrics.json': '{"accuracy": 0.25, "stderr": 0.01, "n": 100}',
  'tree/some_agent_10h/gsm8k_Qwen_Qwen3-4B-Base_1/final_model/config.json': '{}',
};

const ENV = {PATH: process.env.PATH ?? '', HOME: tmpdir()};

/** A project with a past: results, one that was accepted, a failed attempt, one that nobody settled, overrides, an imported tree. */
export async function records(): Promise<Target & Disposable> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'fuzz-records-')));
  const whole = join(root, 'whole');
  await live(whole);
  const files = [...readdirSync(whole, {recursive: true, encoding: 'utf8', withFileTypes: true})]
    .filter((entry) => entry.isFile() && /\.(?:jsonl?|log)$|audits/.test(join(entry.parentPath, entry.name)))
    .map((entry) => join(entry.parentPath, entry.name).slice(whole.length + 1))
    .filter((file) => file.startsWith('runs/') || file.startsWith('audits/'))
    .sort();
  return {
    name: 'records',
    run: async (random) => {
      const at = join(root, `case-${random.below(1e9)}`);
      cpSync(whole, at, {recursive: true, preserveTimestamps: true});
      const spoilt = Array.from({length: 1 + random.below(2)}, () => random.pick(files));
      for (const file of spoilt) spoil(join(at, file), random);
      try {
        return await look(at, random, spoilt.includes('runs/controller.json'));
      } finally {
        rmSync(at, {recursive: true});
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

/** All of it by ptb itself but for what only a controller that was killed leaves. */
async function live(at: string): Promise<void> {
  for (const [path, text] of Object.entries(PROJECT)) {
    mkdirSync(dirname(join(at, path)), {recursive: true});
    writeFileSync(join(at, path), text);
  }
  const options = {file: join(at, 'pipeline.yaml'), profile: [], set: []};
  const must = async (command: (terminal: Terminal) => number | Promise<number>, code = 0): Promise<void> => {
    const done = await call(command, [code], ENV);
    if (done.code !== code) throw new Error(`the project cannot be made: ${done.said}`);
  };
  await must((terminal) => runCommand({...options, quiet: true}, terminal), 1);
  const stage = join(at, 'stages/make/stage.yaml');
  writeFileSync(stage, readFileSync(stage, 'utf8').replace('echo 1', 'echo 1 1 | cut -c1'));
  await must((terminal) => acceptCommand(['make'], {...options, because: 'the same'}, terminal));
  await must((terminal) => auditOverrideCommand('a', {...options, verdict: 'clean', because: 'looked'}, terminal));
  await must((terminal) => importUpstreamCommand(join(at, 'tree'), options, terminal));
  const [folder] = readdirSync(join(at, 'runs/attempts/broken'));
  const attempts = join(at, 'runs/attempts/broken', folder!);
  cpSync(join(attempts, '1'), join(attempts, '2'), {recursive: true, preserveTimestamps: true});
  rmSync(join(attempts, '2/failed.json'));
  const job = JSON.parse(readFileSync(join(attempts, '2/job.json'), 'utf8')) as {name: string};
  writeFileSync(
    join(attempts, '2/job.json'),
    JSON.stringify({...job, attempt: 2, name: job.name.replace('-1-', '-2-')}),
  );
  const later = Date.now() + 3_600_000;
  writeFileSync(
    join(at, 'runs/pauses.json'),
    JSON.stringify({version: 1, limits: {hub: {until: later, because: '429', times: 1}}}),
  );
  // A host of its own name that died.
  writeFileSync(
    join(at, 'runs/controller.json'),
    JSON.stringify({
      pid: 4_194_304,
      start: '1',
      boot: 'x',
      host: 'elsewhere',
      since: new Date().toISOString(),
      journal: 'runs/journal/x.jsonl',
    }),
  );
}

function spoil(file: string, random: Random): void {
  if (!lstatSync(file, {throwIfNoEntry: false})?.isFile()) return; // twice the same
  const text = readFileSync(file, 'utf8');
  const way = random.below(20);
  if (way >= 4) return writeFileSync(file, spoiled(file, text, random));
  rmSync(file);
  // Gone, a folder, a link to itself, a link to nothing.
  if (way === 1) mkdirSync(file);
  if (way === 2) symlinkSync(file, file);
  if (way === 3) symlinkSync('/nonexistent', file);
}

function spoiled(file: string, text: string, random: Random): string | Buffer {
  if (text === '' || random.chance(0.25)) return mutateBytes(Buffer.from(text), random);
  if (file.endsWith('.json')) return mutateJson(text, random);
  if (!file.endsWith('.jsonl')) return mutate(text, random);
  const lines = text.split('\n');
  const at = random.below(lines.length);
  if (lines[at] === '' || random.chance(0.3))
    lines.splice(at, random.below(3), ...(random.chance(0.5) ? [lines[0]!] : []));
  else lines[at] = mutateJson(lines[at]!, random);
  return lines.join('\n');
}

/** Any command over it. One that runs steps waits for a controller elsewhere, so not where that record is spoiled. */
async function look(at: string, random: Random, controllerIsOdd: boolean): ReturnType<Target['run']> {
  const options = {file: join(at, 'pipeline.yaml'), profile: [], set: []};
  const json = random.chance(0.4);
  const step = random.pick(['make', 'evaluate', 'audit', 'broken']);
  const runs = join(at, 'runs');
  const commands: readonly ((terminal: Terminal) => number | Promise<number>)[] = [
    (terminal) => statusCommand({...options, json}, terminal),
    (terminal) => verifyCommand({runs, json, repair: random.chance(0.3)}, terminal),
    (terminal) => planCommand({...options, json, steps: true}, terminal),
    (terminal) =>
      tableCommand({...options, format: random.pick(['text', 'csv', 'json', 'latex', 'markdown'])}, terminal),
    (terminal) => listCommand({...options, json}, terminal),
    (terminal) => showCommand(step, {...options, json}, terminal),
    (terminal) => whyCommand(step, {...options, json}, terminal),
    (terminal) => logsCommand(step, options, terminal),
    (terminal) => auditListCommand({...options, json}, terminal),
    (terminal) => gcCommand({file: options.file, json}, terminal),
  ];
  if (controllerIsOdd || !random.chance(0.08)) return call(random.pick(commands), [0, 1, 2], ENV);
  // It would wait for another controller, and for the end of a pause.
  for (const name of ['controller.json', 'pauses.json']) rmSync(join(runs, name), {force: true, recursive: true});
  return call((terminal) => runCommand({...options, json, quiet: true, yes: true}, terminal), [0, 1, 2, 3], ENV);
}
