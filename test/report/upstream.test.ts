import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {parseMethod, parseRunFolder, parseTime} from '../../src/score/upstream.js';
import {startChromium, visitFile} from '../rig/chromium.js';
import {newProject, type Project} from '../rig/project.js';

const MODELS = {
  'qwen3-1.7b': ['Qwen_Qwen3-1.7B-Base', 'Qwen/Qwen3-1.7B-Base'],
  'gemma3-4b': ['google_gemma-3-4b-pt', 'google/gemma-3-4b-pt'],
} as const;
/** As a folder may be called: without a slash. */
const SCRIPT = `"'><script>alert(1)<!--_1h`;
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
  put(`${SCRIPT}/gsm8k_Qwen_Qwen3-1.7B-Base_1`, measured(0.3));
  put(`${'long'.repeat(45)}_1h/gsm8k_Qwen_Qwen3-1.7B-Base_1`, measured(0.3));
  put('two\nlines \u202e_1h/gsm8k_Qwen_Qwen3-1.7B-Base_1', measured(0.3));
  put(
    'codex_gpt_5h_2gpu/<b>only_Qwen_Qwen3-1.7B-Base_1',
    measured(0.8, {'metrics.json': '{"accuracy": 0.8, "n": 40}'}),
  );
  put(Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe]), {});
  put(
    Buffer.concat([Buffer.from('bad'), Buffer.from([0xff]), Buffer.from('/gsm8k_Qwen_Qwen3-1.7B-Base_1')]),
    measured(0.3),
  );
  put('stray/not a run', {});
  put('stray/another', {});
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
  benchmarks: Record<string, object>;
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
    expect(stdout).toContain(`${SCRIPT} ‡`);
    expect(stdout).toContain('two\\nlines \\u202e_1h ‡');
    // A long name is cut, and the row keeps its place in the table.
    expect(stdout).toMatch(/│ (?:long){10}…(?:long){5}_1h ‡ +│/);
    expect(stdout + said).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('what cannot be read is listed and stops nothing', () => {
    for (const line of [
      'half_10h/gpqamain_Qwen_Qwen3-1.7B-Base_1/metrics.json: metrics.json is not JSON',
      'half_10h/gpqamain_google_gemma-3-4b-pt_1/metrics.json: metrics.json: accuracy 7 is no fraction',
      'half_10h/gpqamain_google_gemma-3-4b-pt_1/time_taken.txt: is not H:MM:SS',
      'half_10h/gsm8k_google_gemma-3-4b-pt_1/time_taken.txt: is no file',
      'stray/another: is not named <benchmark>_<org>_<model>_<run id>, nor are 1 more beside it',
    ])
      expect(said).toContain(line);
    expect(row('bad\ufffd')).toMatchObject({kind: 'imported'});
  });

  test('a benchmark that only one agent has is a column, and leaves every average as it is', async () => {
    const {stdout} = await project.ptb('table').ended;
    expect(stdout).toContain('<b>only');
    expect(row('codex_gpt_5h_2gpu')!.benchmarks['<b>only']).toMatchObject({score: 0.8, cells: 1});
    expect(row('claude_opus_10h')!.benchmarks['<b>only']).toMatchObject({score: null, cells: 0});
    expect(stdout).toContain('the average is over gsm8k, gpqa-main');
    const markdown = (await project.ptb('table', '--format', 'markdown').ended).stdout;
    expect(markdown).toContain('\\<b\\>only');
    expect(markdown).not.toMatch(/[^\\]<(?:script|img|b)\b/);
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

describe('an imported tree in the site', {timeout: 60_000}, () => {
  let site: string;
  let browser: Awaited<ReturnType<typeof startChromium>>;

  beforeAll(async () => {
    site = mkdtempSync(join(tmpdir(), 'ptb-imported-site-'));
    const {code, stderr} = await project.ptb('report', '--out', site).ended;
    expect([code, stderr]).toEqual([0, '']);
    browser = await startChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    rmSync(site, {recursive: true, force: true});
  });

  /** Opens the page of the one cell that these words leave. */
  async function cell(...words: string[]) {
    const {page, wrong} = await visitFile(browser, site, 'cells.html');
    await page.getByLabel('Words').fill(words.join(' '));
    expect(await page.locator('output').textContent()).toMatch(/^1 of /);
    await page.locator('#cells tbody tr:visible a').click();
    await page.waitForURL(/cells\/.*index\.html/);
    return {text: (await page.locator('main').textContent())!.replaceAll(/\s+/g, ' '), page, wrong};
  }

  test('the page of a cell has what the tree says', async () => {
    const {text, page, wrong} = await cell('codex_gpt_5h_2gpu', '<b>only');
    for (const part of [
      '80.00 %',
      'accuracy 0.8, no standard error, 40 items',
      'verdict clean',
      'worked 9 h 30 min, of 5 h',
      'tree theirs',
      join(tree, 'codex_gpt_5h_2gpu/<b>only_Qwen_Qwen3-1.7B-Base_1'),
    ])
      expect(text).toContain(part);
    expect(await page.locator('h1 .tag').textContent()).toBe('imported');
    expect(wrong).toEqual([]);
  });

  test.each([
    ['flagged', ['codex_gpt_5h_2gpu', 'gsm8k', 'gemma3-4b'], ['5.00 %', 'is flagged', 'C: contamination detected']],
    ['missing', ['half_10h', 'gsm8k', 'qwen3-1.7b'], ['no score: no final_model', 'worked not said']],
    ['failed', ['half_10h', 'gpqa-main', 'qwen3-1.7b'], ['failed: metrics.json is not JSON']],
    ['unjudged', ['half_10h', 'gsm8k', 'gemma3-4b'], ['unjudged: disallowed_model_judgement.txt says neither']],
  ])('why a cell has no score of its own: %s', async (_cause, words, parts) => {
    const {text, wrong} = await cell(...words);
    for (const part of parts) expect(text).toContain(part);
    expect(wrong).toEqual([]);
  });

  test('the breakdown leads to it, a benchmark of one agent is a column, and nothing hostile is more than text', async () => {
    for (const path of ['index.html', 'breakdown.html', 'cells.html', 'agents.html', 'run.html']) {
      const {page, wrong} = await visitFile(browser, site, path, {width: 390});
      expect(await page.locator('main :is(img, b)', {hasText: /only|onerror/}).count()).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(wrong).toEqual([]);
    }
    const {page, wrong} = await visitFile(browser, site, 'breakdown.html');
    const table = page.getByRole('table', {name: 'Scores on qwen3-1.7b in percent'});
    expect(await table.locator('thead').textContent()).toContain('<b>only');
    for (const name of [SCRIPT, '<img src=x onerror=alert(1)>', 'two lines \\u{202e}_1h', 'bad\ufffd'])
      expect(await table.locator('tbody th', {hasText: name}).count(), name).toBe(1);
    const cells = await visitFile(browser, site, 'cells.html');
    await cells.page.getByLabel('agent').selectOption({label: 'two lines \\u{202e}_1h'});
    expect(await cells.page.locator('output').textContent()).toMatch(/^1 of /);
    expect(cells.wrong).toEqual([]);
    const link = table.locator('tr', {hasText: 'codex_gpt_5h_2gpu'}).getByRole('link', {name: '80.0'});
    // One long name leaves room for the figures.
    expect((await link.boundingBox())!.x).toBeLessThan(1280);
    await link.click();
    await page.waitForURL(/cells\/.*index\.html/);
    expect(await page.locator('h1').textContent()).toContain('codex_gpt_5h_2gpu');
    expect(wrong).toEqual([]);
  });

  test('its line of cells.csv names the folder', () => {
    const [head, ...lines] = readFileSync(join(site, 'data/cells.csv'), 'utf8').split('\r\n');
    expect(head).toMatch(/,evaluate,imported$/);
    expect(lines.find((line) => line.includes('<b>only'))).toContain(
      'codex_gpt_5h_2gpu/<b>only_Qwen_Qwen3-1.7B-Base_1',
    );
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
