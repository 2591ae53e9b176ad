import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {explain} from '../../src/cli/explain.js';
import {importUpstreamCommand} from '../../src/cli/import.js';
import {planCommand} from '../../src/cli/plan.js';
import {tableCommand} from '../../src/cli/table.js';
import type {Terminal} from '../../src/cli/terminal.js';
import {readTrace} from '../../src/report/trace.js';
import {mutate, mutateBytes} from './mutate.js';
import {Random} from './random.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** What a case came to. `said`: all that was printed. */
export type Said = {readonly code: number; readonly said: string; readonly wrong: string | undefined};

/** One kind of input, spoiled in one way per number. */
export type Target = {readonly name: string; readonly run: (random: Random) => Promise<Said>};

/** A command in this process, with all that it prints. What reaches the top is explained as the command line does it. */
async function call(command: (terminal: Terminal) => number | Promise<number>): Promise<Said> {
  let said = '';
  const say = (text: string): void => {
    if (said.length < 1_000_000) said += text;
  };
  const plain = (_: unknown, text: string): string => text;
  const terminal: Terminal = {out: say, err: say, paintOut: plain, paintErr: plain, live: false, env: {}, version: '0'};
  let code: number;
  try {
    code = await command(terminal);
  } catch (error) {
    code = explain(error, terminal);
  }
  return {code, said, wrong: faultOf(code, said)};
}

/** A control character that a terminal would obey, a stack, a wrong code: none may leave this program. */
function faultOf(code: number, said: string): string | undefined {
  if (![0, 2].includes(code)) return `exit code ${code}`;
  if (/^\s+at \S+ \(?.*:\d+:\d+\)?$/m.test(said)) return 'a stack trace';
  if (/[\u0000-\u0008\u000b-\u001f\u007f\u202e]/.test(said.replaceAll('\r\n', '\n')))
    return 'a control character in what is printed';
  if (code === 2 && !/:\d+(:\d+)?: |--\w+|there is no|holds no|flag/.test(said)) return 'a mistake without its place';
  return undefined;
}

const PLAN = {profile: [], set: [], only: []};

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
      writeFileSync(file, mutate(whole, random));
      try {
        const profile = random.chance(0.5) ? ['smoke'] : [];
        return await call((terminal) => planCommand({...PLAN, profile, file: join(root, 'pipeline.yaml')}, terminal));
      } finally {
        writeFileSync(file, whole);
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

const TREE: Readonly<Record<string, string>> = {
  'metrics.json': '{"accuracy": 0.25, "stderr": 0.01, "n": 100}',
  'time_taken.txt': '9:59:58\n',
  'contamination_judgement.txt': 'no contamination detected\n',
  'disallowed_model_judgement.txt': 'only allowed use detected\n',
  'solve_out.txt': 'done\n',
  'final_model/config.json': '{}',
};

/** A result tree of the PostTrainBench repository with spoiled files and names, imported and put into a table. */
export function tree(): Target & Disposable {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'fuzz-tree-')));
  const names = [
    'gsm8k_Qwen_Qwen3-4B-Base_17',
    'humaneval_google_gemma-3-4b-pt_3',
    'bfcl_HuggingFaceTB_SmolLM3-3B-Base_9',
  ];
  const odd = [
    '_',
    '__',
    'a_b',
    'gsm8k_\u001b[31m_x_1',
    'x'.repeat(200),
    '__proto___a_b_1',
    'gsm8k_Qwen_Qwen3-4B-Base_1e309',
    '..x',
    'a\nb_c_d_2',
  ];
  return {
    name: 'result tree',
    run: async (random) => {
      const at = mkdtempSync(join(root, 'case-'));
      const results = join(at, 'results');
      for (const name of [...names, random.pick(odd)]) {
        for (const [path, text] of Object.entries(TREE)) {
          if (random.chance(0.1)) continue;
          const file = join(results, random.pick(['claude_opus_10h', 'codex_[x]_5h_2gpu', 'odd']), name, path);
          mkdirSync(dirname(file), {recursive: true});
          writeFileSync(file, random.chance(0.4) ? mutateBytes(Buffer.from(text), random) : text);
        }
      }
      writeFileSync(join(at, 'pipeline.yaml'), 'name: t\nmatrix: {agent: [a], model: [m], benchmark: [b]}\n');
      mkdirSync(join(at, 'stages/evaluate'), {recursive: true});
      writeFileSync(
        join(at, 'stages/evaluate/stage.yaml'),
        'for: [agent, model, benchmark]\nrun: ["true"]\noutputs: {metrics: metrics.json}\n',
      );
      const file = join(at, 'pipeline.yaml');
      try {
        const imported = await call((terminal) => importUpstreamCommand(results, {...PLAN, file}, terminal));
        if (imported.wrong !== undefined) return imported;
        return await call((terminal) =>
          tableCommand({...PLAN, file, format: random.pick(['text', 'csv', 'json', 'latex', 'markdown'])}, terminal),
        );
      } finally {
        rmSync(at, {recursive: true});
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

const TRACE = [
  '{"time":"2026-01-01T00:00:00Z","kind":"message","tool":"","text":"hello"}',
  '{"time":"2026-01-01T00:00:01Z","kind":"tool_call","tool":"bash","text":"ls \\u001b[31m"}',
  '{"type":"assistant","message":{"content":[{"type":"text","text":"x"}]}}',
  'not json at all',
  '',
].join('\n');

/** An agent's trace with spoiled bytes, read to its end. */
export function trace(): Target & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-trace-'));
  return {
    name: 'trace',
    run: async (random) => {
      const file = join(root, 'trace.jsonl');
      writeFileSync(file, mutateBytes(Buffer.from(TRACE.repeat(1 + random.below(20))), random));
      return call(() => {
        for (const entry of readTrace(file))
          if (typeof entry.text !== 'string') throw new Error('an entry without a text');
        return 0;
      });
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}

export const TARGETS = {configuration, tree, trace};
export type TargetName = keyof typeof TARGETS;
/** How often each is chosen. */
export const SHARES: readonly TargetName[] = [
  ...Array<TargetName>(7).fill('configuration'),
  ...Array<TargetName>(2).fill('tree'),
  'trace',
];
