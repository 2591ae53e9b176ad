import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {parseMethod, parseRunFolder, parseTime} from '../../src/score/upstream.js';
import {newProject, type Project} from '../rig/project.js';

const MODELS = {
  'qwen3-1.7b': ['Qwen_Qwen3-1.7B-Base', 'Qwen/Qwen3-1.7B-Base'],
  'gemma3-4b': ['google_gemma-3-4b-pt', 'google/gemma-3-4b-pt'],
} as const;
const CLEAN = {
  'contamination_judgement.txt': 'no contamination detected\n',
  'disallowed_model_judgement.txt': 'only allowed use detected\n',
};
type Files = Readonly<Record<string, string>>;

let tree: string;
let project: Project;

const put = (path: string | Buffer, files: Files): void => {
  const folder = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(path)]);
  mkdirSync(folder, {recursive: true});
  for (const [name, text] of Object.entries(files))
    writeFileSync(Buffer.concat([folder, Buffer.from(`/${name}`)]), text);
};
const measured = (accuracy: number, files: Files = {}): Files => ({
  'metrics.json': JSON.stringify({accuracy, stderr: 0.01}),
  'time_taken.txt': '9:30:00\n',
  ...CLEAN,
  ...files,
});

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'ptb-upstream-'));
  project = await newProject();
  project.stage('evaluate', {for: ['agent', 'model', 'benchmark'], outputs: {metrics: 'metrics.json'}});
  project.pipeline({
    matrix: {agent: ['mine'], model: Object.keys(MODELS), benchmark: ['gsm8k', 'gpqa-main']},
    catalog: {model: Object.fromEntries(Object.entries(MODELS).map(([name, [, base]]) => [name, {base}]))},
    score: {baselines: {}},
  });
  for (const [folder] of Object.values(MODELS)) {
    for (const [replicate, score] of [
      ['', 0.2],
      ['_run2', 0.4],
    ] as const) {
      put(`claude_opus_10h${replicate}/gsm8k_${folder}_100`, measured(score));
      put(`claude_opus_10h${replicate}/gpqamain_${folder}_101`, measured(score));
    }
    put(
      `codex_gpt_5h_2gpu/gsm8k_${folder}_1`,
      measured(0.9, {'contamination_judgement.txt': 'contamination detected'}),
    );
    put(`codex_gpt_5h_2gpu/gpqamain_${folder}_9`, measured(0.1));
    // The newest run counts, as a number.
    put(`codex_gpt_5h_2gpu/gpqamain_${folder}_10`, measured(0.5));
    put(`baseline_zeroshot/gsm8k_${folder}_1`, measured(0.05));
  }
  put('half_10h/gsm8k_Qwen_Qwen3-1.7B-Base_1', CLEAN);
  put('half_10h/gpqamain_Qwen_Qwen3-1.7B-Base_1/final_model', {'config.json': '{}'});
  put('half_10h/gpqamain_Qwen_Qwen3-1.7B-Base_1', {'metrics.json': '{"accuracy": NaN}', ...CLEAN});
  put('half_10h/gsm8k_google_gemma-3-4b-pt_1', measured(0.7, {'disallowed_model_judgement.txt': 'maybe'}));
  put('half_10h/gpqamain_google_gemma-3-4b-pt_1', measured(7, {'time_taken.txt': 'ages'}));
  put('<img src=x onerror=alert(1)> \u001b[31m_1h/gsm8k_Qwen_Qwen3-1.7B-Base_1', measured(0.3));
  put(Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe]), {});
  put(
    Buffer.concat([Buffer.from('bad'), Buffer.from([0xff]), Buffer.from('/gsm8k_Qwen_Qwen3-1.7B-Base_1')]),
    measured(0.3),
  );
  put('stray/not a run', {});
  await execa('mkfifo', [join(tree, 'half_10h/gsm8k_google_gemma-3-4b-pt_1/x')]);
  rmSync(join(tree, 'half_10h/gsm8k_google_gemma-3-4b-pt_1/time_taken.txt'));
  await execa('mkfifo', [join(tree, 'half_10h/gsm8k_google_gemma-3-4b-pt_1/time_taken.txt')]);
});

afterAll(async () => {
  rmSync(tree, {recursive: true, force: true});
  await project[Symbol.asyncDispose]();
});

type Row = {
  name: string;
  kind: string;
  score: number | null;
  std: number | null;
  replicates: number;
  hours: number;
  time_hours: number;
  substitutions: object;
};
type Cell = {
  agent: string;
  model: string;
  benchmark: string;
  kind: string;
  cause: string | null;
  score: number;
  because: string[];
};

describe('ptb import upstream', () => {
  let said: string;
  let rows: Row[];
  let cells: Cell[];
  const row = (name: string) => rows.find((one) => one.name === name);

  beforeAll(async () => {
    const {code, stdout, stderr} = await project.ptb('import', 'upstream', tree, '--as', 'theirs').ended;
    expect([code, stderr]).toEqual([0, '']);
    said = stdout;
    const table = JSON.parse((await project.ptb('table', '--format', 'json').ended).stdout) as {
      rows: Row[];
      cells: Cell[];
    };
    ({rows, cells} = table);
  });

  test('a method is a row; _run2 is its second replicate', () => {
    expect(row('claude_opus_10h')).toMatchObject({kind: 'imported', replicates: 2, hours: 10, time_hours: 9.5});
    expect(row('claude_opus_10h')!.score).toBeCloseTo(0.3, 12);
    expect(row('claude_opus_10h')!.std).toBeCloseTo(Math.SQRT2 / 10, 12);
  });

  test('a flagged cell takes the zero-shot base score of the tree; the newest run counts', () => {
    expect(row('codex_gpt_5h_2gpu')!.score).toBeCloseTo((0.05 + 0.5) / 2, 12);
    expect(row('codex_gpt_5h_2gpu')!.substitutions).toEqual({flagged: 2, failed: 0, missing: 0, unjudged: 0});
    expect(said).toContain('2 older runs of the same cells do not count');
  });

  test('no model, broken files and unclear judges are told apart; a base score that nobody else has is the published one', () => {
    const half = cells.filter(({agent}) => agent === 'half_10h');
    expect(half.map(({benchmark, model, cause, score}) => [benchmark, model, cause, score]).sort()).toEqual([
      ['gpqa-main', 'gemma3-4b', 'missing', 0.015625],
      ['gpqa-main', 'qwen3-1.7b', 'failed', 0.140625],
      ['gsm8k', 'gemma3-4b', 'unjudged', 0.05],
      ['gsm8k', 'qwen3-1.7b', 'missing', 0.05],
    ]);
    expect(half.map(({because}) => because.join()).join('\n')).toMatch(/no final_model[^]*says neither/);
  });

  test('hostile names stand in the table, and cannot write to a terminal', async () => {
    expect(row('<img src=x onerror=alert(1)> \u001b[31m_1h')).toMatchObject({kind: 'imported', score: null});
    const {stdout} = await project.ptb('table').ended;
    expect(stdout).toContain('\\x1b[31m_1h ‡');
    expect(stdout + said).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('what cannot be read is listed and stops nothing', () => {
    for (const line of [
      'half_10h/gpqamain_Qwen_Qwen3-1.7B-Base_1/metrics.json: metrics.json is not JSON',
      'half_10h/gpqamain_google_gemma-3-4b-pt_1/metrics.json: metrics.json: accuracy 7 is no fraction',
      'half_10h/gpqamain_google_gemma-3-4b-pt_1/time_taken.txt: is not H:MM:SS',
      'half_10h/gsm8k_google_gemma-3-4b-pt_1/time_taken.txt: is no file',
      'stray/not a run: is not named <benchmark>_<org>_<model>_<run id>',
    ])
      expect(said).toContain(line);
    expect(row('bad\ufffd')).toMatchObject({kind: 'imported'});
  });

  test('a folder that is none, or holds no run, is refused and changes nothing', async () => {
    for (const dir of [join(tree, 'gone'), join(tree, 'stray')]) {
      const {code, stderr} = await project.ptb('import', 'upstream', dir, '--as', 'theirs').ended;
      expect(code).toBe(2);
      expect(stderr).toMatch(/there is no folder|nothing was imported/);
    }
    expect(JSON.parse(project.read('runs/imported/theirs.json'))).toMatchObject({name: 'theirs'});
  });
});

test.each([
  ['claude_claude-opus-4-5_10h', 'claude_claude-opus-4-5_10h', 10, 1, '1'],
  ['codex_gpt_0.5h_8gpu', 'codex_gpt_0.5h_8gpu', 0.5, 8, '1'],
  ['opencode_zai_glm-5_10h_run2', 'opencode_zai_glm-5_10h', 10, 1, '2'],
  ['claude_x_10h_final_v3', 'claude_x_10h_final_v3', 10, 1, '1'],
  ['baseline_zeroshot', 'baseline_zeroshot', null, 1, '1'],
])('method %s', (folder, name, hours, gpus, replicate) => {
  expect(parseMethod(folder)).toEqual({name, hours, gpus, replicate});
});

test('run folders: names with underscores, ids beyond 2^53, and what is none', () => {
  expect(parseRunFolder('arena_hard_writing_Qwen_Qwen3-4B_7', ['arena_hard_writing'])).toEqual({
    benchmark: 'arena_hard_writing',
    model: 'Qwen_Qwen3-4B',
    run: 7n,
  });
  expect(parseRunFolder('bfcl_a_b_90071992547409931', [])!.run).toBe(90071992547409931n);
  for (const none of ['', 'gsm8k', 'gsm8k_1', '_a_1', 'gsm8k_a_b'])
    expect(parseRunFolder(none, []), none).toBeUndefined();
});

test('times', () => {
  expect(['9:30:05', '0:00:07', '123:00:00', '1:75:00', '', 'x'].map(parseTime)).toEqual([
    34205,
    7,
    442800,
    undefined,
    undefined,
    undefined,
  ]);
});
