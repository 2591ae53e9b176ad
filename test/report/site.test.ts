import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {strToU8, zipSync} from 'fflate';
import type {Browser, Page} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {startChromium, visitFile} from '../rig/chromium.js';
import {newProject, type Project} from '../rig/project.js';

// A real browser on a real site. The stages are a line of bash each: what counts here is what becomes of their files.

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const HOSTILE = '<img src=x onerror=alert(1)></script><script>alert(2)</script>';

/** Writes a stage's outputs with bash; `$PTB_AGENT`, `$PTB_MODEL` and `$PTB_BENCHMARK` are its cell. */
const made = (project: Project, name: string, declared: object, script: string): void => {
  project.stage(name, {run: ['bash', 'run.sh'], ...declared});
  project.write({[`stages/${name}/run.sh`]: script});
};

/** As inspect-ai writes its logs: a zip of a header and a file for each sample. */
function logOf(samples: number): Uint8Array {
  const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));
  const sample = (n: number): unknown => ({
    id: n === 0 ? HOSTILE : n,
    input: 'a question of the test split',
    scores: {match: {value: n === 0 ? 'C' : 'I'}},
    output: {choices: [{stop_reason: n === 2 ? 'max_tokens' : 'stop'}], usage: {output_tokens: 10 * (n + 1)}},
    ...(n === 1 ? {error: {message: 'broke off'}} : {}),
  });
  const files = Array.from({length: samples}, (_, n) => [`samples/${n}_epoch_1.json`, json(sample(n))] as const);
  return zipSync({
    'header.json': json({status: 'success'}),
    'summaries.json': strToU8('[]'),
    ...Object.fromEntries(files),
  });
}

/** A port that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  server.close();
  return port;
}

const AXES = ['agent', 'model', 'benchmark', 'replicate'];

let project: Project;
let site: string;
let browser: Browser | undefined;

beforeAll(async () => {
  project = await newProject();
  project.pipeline({
    name: 'site-test',
    matrix: {agent: ['good', 'cheat', 'broken'], model: ['m1', 'm2'], benchmark: ['b1'], replicate: [1, 2]},
    score: {usage: 'post-train/usage.json'},
  });
  made(
    project,
    'post-train',
    {for: AXES, outputs: {trace: 'trace.jsonl', usage: 'usage.json', prompt: 'prompt.txt'}},
    `set -e
printf '%s\\n' 'Train the model. ${HOSTILE}' >prompt.txt
{
  printf '{"time":"2026-01-01T10:00:00.000Z","event":{"type":"message","text":"%s"}}\\n' '${HOSTILE}'
  printf '{"time":"2026-01-01T10:00:01.000Z","event":{"type":"tool_call","text":"bash timer.sh; python sft.py SFTTrainer LoraConfig"}}\\n'
  printf '\\033[31mred\\033[0m \\000\\377\\376 not utf-8 \\342\\200\\256 turned\\n'
  printf '{"accuracy": NaN\\n'
  if [ "$PTB_AGENT" = good ]; then
    for n in $(seq 1 3000); do printf '{"time":"2026-01-01T10:00:02.000Z","event":{"type":"tool_result","text":"line %s of a long trace"}}\\n' "$n"; done
  fi
} >trace.jsonl
echo '{"input_tokens": 1000, "cached_tokens": 10, "output_tokens": 50, "cost_usd": 1.25, "turns": 7, "sessions": 1, "tool_calls": 1}' >usage.json
[ "$PTB_AGENT" != broken ] || [ "$PTB_REPLICATE" != 2 ]
`,
  );
  made(
    project,
    'audit',
    {for: AXES, needs: ['post-train'], outputs: {audit: 'audit.json'}},
    `if [ "$PTB_AGENT" = cheat ]; then
  cat >audit.json <<'END'
{"version": 1, "flagged": true, "flags": ["C"], "judged": "unjudged", "skipped": [{"check": "lineage", "because": "no final model"}], "lineage": {"nearest": "org/thinking", "distance": {"base": 0.25, "instruct": 0.5}, "share": 0.1, "cosine": 0.2}, "findings": [{"flag": "C", "source": "contamination.items", "severity": "flag", "summary": ${JSON.stringify(`saw ${HOSTILE}`)}, "evidence": [{"file": "a.txt", "line": 3, "excerpt": ${JSON.stringify(HOSTILE)}, "item": null, "overlap": 0.93}]}]}
END
else echo '{"version": 1, "flagged": false, "flags": [], "findings": [], "skipped": []}' >audit.json; fi
`,
  );
  made(
    project,
    'evaluate',
    {for: AXES, needs: ['post-train'], outputs: {metrics: 'metrics.json', log: {path: 'log', optional: true}}},
    `mkdir log
case $PTB_AGENT in
good) cp "$PTB_FILES/stages/evaluate/items.eval" log/ ;;
cheat) echo 'no zip' >log/items.eval ;;
esac
case $PTB_AGENT in
good) echo "{\\"accuracy\\": 0.$PTB_REPLICATE$((PTB_REPLICATE + 4)), \\"stderr\\": 0.01, \\"n\\": 100}" ;;
cheat) echo '{"accuracy": 1, "stderr": 0, "n": 100}' ;;
broken) echo '{"accuracy": NaN}' ;;
esac >metrics.json
`,
  );
  made(
    project,
    'baseline',
    {for: ['model', 'benchmark'], outputs: {base: 'base.json', instruct: 'instruct.json'}},
    `echo '{"accuracy": 0.05, "stderr": 0.01, "n": 100}' >base.json
echo '{"accuracy": 0.6, "stderr": 0.01, "n": 100}' >instruct.json
`,
  );
  project.write({'stages/evaluate/items.eval': logOf(3)});
  const run = await project.run().ended;
  expect(run.code).toBe(1); // some of "broken" fail
  site = mkdtempSync(join(tmpdir(), 'ptb-site-'));
  const report = await project.ptb('report', '--out', site).ended;
  expect(report.stderr).toBe('');
  expect(report.code).toBe(0);
  browser = await startChromium();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await project[Symbol.asyncDispose]();
  rmSync(site, {recursive: true, force: true});
}, 60_000);

const visit = (path: string, options: {dark?: boolean; width?: number} = {}) =>
  visitFile(browser!, site, path, options);

const firstColumn = (page: Page, table: string): Promise<string[]> =>
  page.locator(`#${table} tbody tr:visible > :first-child`).allTextContents();

describe('the site', {timeout: 60_000}, () => {
  test('the leaderboard: best first, sortable by any column, substitutions counted', async () => {
    const {page, wrong} = await visit('index.html');
    expect((await firstColumn(page, 'leaderboard')).map((name) => name.trim().split(/\s/)[0])).toEqual([
      'instruct',
      'good',
      'base',
      'cheat',
      'broken',
    ]);
    expect(await page.locator('.callout').first().textContent()).toMatch(/Every cell has a score, .* steps .* failed/);
    expect(await page.locator('#leaderboard tr', {hasText: 'good'}).textContent()).toMatch(/20\.5 ± 7\.8/);
    expect(await page.locator('#leaderboard tr', {hasText: 'cheat'}).textContent()).toContain('4 flagged');
    await page.getByRole('button', {name: 'Agent'}).click();
    expect((await firstColumn(page, 'leaderboard'))[0]).toContain('base');
    await page.getByRole('button', {name: 'Average'}).press('Enter');
    expect((await firstColumn(page, 'leaderboard'))[0]).toContain('instruct');
    await page.getByRole('button', {name: 'Average'}).press('Enter');
    expect((await firstColumn(page, 'leaderboard')).at(-1)).toContain('instruct');
    expect(wrong).toEqual([]);
  });

  test('cells: filtered by words and choices; a cell opens, its file too', async () => {
    const {page, wrong} = await visit('cells.html');
    expect(await page.locator('output').textContent()).toBe('12 of 12');
    await page.getByLabel('Words').fill('GOOD');
    expect(await page.locator('output').textContent()).toBe('4 of 12');
    await page.getByLabel('model').selectOption('m2');
    expect(await page.locator('output').textContent()).toBe('2 of 12');
    await page.locator('#cells tbody tr:visible a').first().click();
    await page.waitForURL(/cells\/.*index\.html/);
    expect(await page.locator('h1').textContent()).toContain('good m2');
    await page.locator('summary', {hasText: 'evaluate'}).click();
    await page.getByRole('link', {name: 'metrics.json'}).click();
    await page.waitForURL(/metrics\.json$/);
    expect(await page.locator('body').textContent()).toContain('"accuracy"');
    expect(wrong).toEqual([]);
  });

  test('a long trace loads as it is scrolled; what an agent wrote is text, never markup', async () => {
    const {page, wrong} = await visit('cells.html');
    await page.getByLabel('Words').fill('good m1');
    await page.locator('#cells tbody tr:visible a').first().click();
    await page.waitForURL(/cells\/.*index\.html/);
    const trace = page.locator('.trace');
    await trace.locator('.entry', {hasText: 'line 1 of'}).first().waitFor();
    const shown = await trace.textContent();
    expect(shown).toContain(HOSTILE);
    expect(shown).toContain('red \\u{0}\ufffd\ufffd not utf-8 \\u{202e} turned');
    await page.evaluate("document.querySelector('.trace').scrollTop = 1e9");
    await trace.locator('.entry', {hasText: 'line 3000 of'}).waitFor();
    expect(await page.locator('.trace .entry').count()).toBeLessThan(2500);
    await page.locator('summary', {hasText: 'What the agent was asked'}).click();
    expect(await page.locator('details pre').first().textContent()).toContain(HOSTILE);
    expect(wrong).toEqual([]);
  });

  test('a flagged cell shows its findings with evidence, hostile text and all', async () => {
    const {page, wrong} = await visit('cells.html');
    await page.getByLabel('score').selectOption('flagged');
    await page.locator('#cells tbody tr:visible a').first().click();
    await page.waitForURL(/cells\/.*index\.html/);
    expect(await page.locator('.callout').first().textContent()).toMatch(
      /5\.00 %, a substitute because the cell is flagged/,
    );
    const text = (await page.locator('main').textContent())!;
    for (const part of [
      `saw ${HOSTILE}`,
      'contamination.items',
      '0.93',
      'unjudged: the judge failed',
      'org/thinking',
      'lineage: no final model',
    ]) {
      expect(text).toContain(part);
    }
    expect(await page.locator('main img').count()).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('how the answers of the evaluation ended, without their text', async () => {
    const {page, wrong} = await visit('cells.html');
    await page.getByLabel('Words').fill('good m1');
    await page.locator('#cells tbody tr:visible a').first().click();
    await page.waitForURL(/cells\/.*index\.html/);
    const text = (await page.locator('main').textContent())!.replaceAll(/\s+/g, ' ');
    for (const part of ['success, 3 items, 1 errors', '20 on average, at most 30', '1 max_tokens'])
      expect(text).toContain(part);
    expect(text).not.toContain('a question of the test split');
    await page.locator('summary', {hasText: 'Item by item'}).click();
    expect(await page.locator('tr', {hasText: HOSTILE}).textContent()).toContain('right');
    expect(wrong).toEqual([]);
  });

  test('what agents did: methods, timer, tokens, cost, failures', async () => {
    const {page, wrong} = await visit('agents.html');
    const text = (await page.locator('main').textContent())!;
    for (const word of ['SFT', 'LoRA', '4,000', '$5.00']) expect(text).toContain(word);
    expect(wrong).toEqual([]);
  });

  test.each([
    ['light', {dark: false, width: 1280}],
    ['dark', {dark: true, width: 1280}],
    ['a phone', {dark: false, width: 390}],
  ])('accessible, and as wide as the screen: %s', async (_name, options) => {
    const cell = JSON.parse(readFileSync(join(site, '.ptb-site.json'), 'utf8')) as {cells: Record<string, unknown>};
    const problems: unknown[] = [];
    const flagged = Object.keys(cell.cells).find((slug) => slug.startsWith('cheat'))!;
    for (const path of [
      'index.html',
      'breakdown.html',
      'agents.html',
      'run.html',
      'cells.html',
      `cells/${flagged}/index.html`,
    ]) {
      const {page, wrong} = await visit(path, options);
      // The page's own policy lets in no script from elsewhere; the debugger's is not the page's.
      const found = await page.evaluate<{
        violations: {id: string; impact: string; nodes: {html: string}[]}[];
      }>(`${AXE}; axe.run({resultTypes: ['violations'], preload: false})`);
      const serious = found.violations.filter(({impact}) => impact === 'serious' || impact === 'critical');
      problems.push(...serious.map(({id, nodes}) => [path, id, nodes[0]?.html]));
      if (!(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')))
        problems.push([path, 'too wide']);
      expect(wrong).toEqual([]);
      await page.context().close();
    }
    expect(problems).toEqual([]);
  });

  test('the theme button turns light to dark and back', async () => {
    const {page, wrong} = await visit('index.html');
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await paper();
    await page.getByRole('button', {name: /light and dark/}).click();
    expect(await paper()).not.toBe(light);
    await page.getByRole('button', {name: /light and dark/}).click();
    expect(await paper()).toBe(light);
    expect(wrong).toEqual([]);
  });
});

describe('the folder', () => {
  test('its data are those of ptb table; each cell names the results of its figures', async () => {
    const {stdout} = await project.ptb('table', '--format', 'json').ended;
    expect(JSON.parse(readFileSync(join(site, 'data/table.json'), 'utf8'))).toEqual(JSON.parse(stdout));
    const [head, first] = readFileSync(join(site, 'data/cells.csv'), 'utf8').split('\r\n');
    expect(head).toMatch(
      /^agent,model,benchmark,replicate,score,raw,stderr,kind,cause,because,post-train,audit,evaluate/,
    );
    expect(first).toMatch(/runs\/results\/evaluate\/good-m1-b1-1-[0-9a-f]{12}/);
  });

  test('again: what did not change is left alone; a folder of somebody else is refused', async () => {
    const page = join(
      site,
      'cells',
      Object.keys((JSON.parse(readFileSync(join(site, '.ptb-site.json'), 'utf8')) as {cells: object}).cells)[0]!,
      'index.html',
    );
    const before = statSync(page).mtimeMs;
    expect((await project.ptb('report', '--out', site).ended).code).toBe(0);
    expect(statSync(page).mtimeMs).toBe(before);
    const foreign = mkdtempSync(join(tmpdir(), 'ptb-foreign-'));
    writeFileSync(join(foreign, 'mine.txt'), 'mine');
    const refused = await project.ptb('report', '--out', foreign).ended;
    expect([refused.code, readFileSync(join(foreign, 'mine.txt'), 'utf8')]).toEqual([2, 'mine']);
    expect(refused.stderr).toContain('holds something else');
    rmSync(foreign, {recursive: true});
  });

  test('of no finished cell: every page is there and says so', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'ptb-empty-'));
    const {code, stderr} = await project.ptb('report', '--out', empty, '--set', 'matrix.replicate=[7]').ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(readFileSync(join(empty, 'index.html'), 'utf8')).toContain('No cell has a score yet');
    rmSync(empty, {recursive: true});
  });
});

test(
  'a benchmark that only one agent has: a gap for the others, in the table and in the site',
  {timeout: 60_000},
  async () => {
    await using own = await newProject();
    made(
      own,
      'work',
      {for: ['agent', 'benchmark'], outputs: {out: 'out.txt'}},
      `echo '{"accuracy": 0.5, "n": 4, "version": 1, "flagged": false, "flags": [], "findings": []}' >out.txt\n`,
    );
    own.pipeline({
      matrix: {
        agent: ['both', 'one'],
        model: ['m'],
        benchmark: ['shared', 'extra'],
        exclude: [{agent: 'one', benchmark: 'extra'}],
      },
      score: {measured: 'work/out.txt', verdict: 'work/out.txt', worked: 'work', usage: 'work/out.txt', baselines: {}},
    });
    expect((await own.run().ended).code).toBe(0);
    const {stdout} = await own.ptb('table', '--format', 'json').ended;
    const {rows} = JSON.parse(stdout) as {rows: {name: string; score: number | null}[]};
    expect(rows.map(({name, score}) => [name, score])).toEqual([
      ['both', 0.5],
      ['one', null],
    ]);
    expect((await own.ptb('table').ended).stdout).toMatch(/│ one +│ +– │ 0\.5000 │ +– │/);
    const out = join(own.root, 'site');
    expect((await own.ptb('report', '--out', out).ended).code).toBe(0);
    for (const path of ['index.html', 'breakdown.html']) {
      const {page, wrong} = await visitFile(browser!, out, path);
      const line = page.getByRole('row', {name: /^one /}).first();
      expect((await line.textContent())!.replaceAll(/\s+/g, ' ')).toMatch(/50\.0 ?–/);
      expect(wrong).toEqual([]);
    }
  },
);

test(
  '--serve shows a run while it goes on: a page takes what is new and keeps what its reader chose',
  {timeout: 120_000},
  async () => {
    await using own = await newProject();
    const work = own.stage('work', {for: ['agent'], outputs: {out: 'out.txt'}});
    own.pipeline({
      name: 'served',
      matrix: {agent: ['a', 'b', 'c'], model: ['m'], benchmark: ['x']},
      score: {measured: 'work/out.txt', verdict: 'work/out.txt', worked: 'work', usage: 'work/out.txt', baselines: {}},
    });
    const out = (accuracy: number) =>
      JSON.stringify({accuracy, n: 4, version: 1, flagged: false, flags: [], findings: []});
    const run = own.run();
    const first = await work.nextInvocation({agent: 'a'});
    const second = await work.nextInvocation({agent: 'b'});
    const third = await work.nextInvocation({agent: 'c'});
    const port = await freePort();
    const serving = own.ptb('report', '--serve', String(port), '--out', join(own.root, 'runs/site'));
    await serving.says('until Ctrl-C');
    await first.exit(0, {'out.txt': out(0.25)}); // before the store is looked at for the first time
    const page = await browser!.newPage();
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => wrong.push(message.text()));
    await page.goto(`http://127.0.0.1:${port}/cells.html`);
    await page.locator('.live').waitFor();
    await page.locator('#cells tbody tr:visible', {hasText: '25.0'}).waitFor();
    await page.getByLabel('Words').fill('b');
    await second.exit(0, {'out.txt': out(0.5)});
    await page.locator('#cells tbody tr:visible', {hasText: '50.0'}).waitFor();
    expect(await page.getByLabel('Words').inputValue()).toBe('b');
    await third.exit(0, {'out.txt': out(0.75)});
    await run.ended;
    await page.close();
    expect(wrong).toEqual([]);
    serving.kill('SIGINT');
    await serving.ended;
  },
);
