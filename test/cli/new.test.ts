import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {describe, expect, onTestFinished, test} from 'vitest';
import {BASE, project, ptb} from '../config/project.js';
import {hasProgram} from '../rig/programs.js';
import {copyProject} from '../smoke/project.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const KINDS = ['agent', 'eval', 'stage'];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ptb-new-'));
  onTestFinished(() => rmSync(made, {recursive: true, force: true}));
  return made;
}

/** The part of what stderr says next that stands behind this word. */
const next = (err: string, word: string): string => new RegExp(`^ {2}${word} +(.*)$`, 'm').exec(err)![1]!;

/** Runs a command line as it was printed. */
const obey = (cwd: string, line: string) => {
  const bin = folder();
  symlinkSync(join(REPOSITORY, 'dist/cli/main.js'), join(bin, 'ptb'));
  return execa('bash', ['-c', line], {cwd, env: {PATH: `${bin}:${process.env.PATH}`}, reject: false});
};

const AXES = {
  ...BASE,
  'pipeline.yaml': `name: tiny
matrix:
  agent: [first]
  benchmark: [first]
catalog:
  agent: {from: agents}
  benchmark: {from: evals}
`,
  'agents/first/agent.yaml': 'title: First\n',
  'evals/first/eval.yaml': 'title: First\ndata: {repo: a/b}\nengine: numpy\nmax-tokens: 1\n',
  'stages/fetch/stage.yaml': 'for: [agent, benchmark]\nrun: [bash, run.sh]\noutputs: {out: out}\n',
  'stages/train/stage.yaml': null,
};

test('stdout says what was made, stderr what comes next', async () => {
  const root = project(AXES);
  expect(await ptb(root, 'new', 'agent', 'mine')).toEqual({
    code: 0,
    out: 'agents/mine/agent.yaml\nagents/mine/solve.sh',
    err: [
      'agents/mine runs as it is: it hands in the base model as it is. Next:',
      '  edit   agents/mine/solve.sh',
      '  add    it to the matrix, pipeline.yaml:3: agent: [first, mine]',
      "  check  ptb pipeline validate --set 'matrix.agent=[mine]'",
    ].join('\n'),
  });
  const stage = await ptb(root, 'new', 'stage', 'mine');
  expect(stage.out).toBe('stages/mine/run.sh\nstages/mine/stage.yaml');
  expect(next(stage.err, 'run')).toBe('ptb pipeline run --until mine');
});

test.each([
  ['agent', 'mine'],
  ['agent', 'A.b_c-1'],
  ['agent', '1.0'], // a number for YAML
  ['agent', 'true'],
  ['eval', 'mine'],
  ['eval', '007'],
  ['eval', `x${'y'.repeat(99)}`],
  ['stage', `x${'y'.repeat(39)}`],
])('%s %s: the command that is to check it does, and so does the line that is to be added', async (kind, name) => {
  const root = project(AXES);
  const {code, err} = await ptb(root, 'new', kind, name);
  expect(code).toBe(0);
  const checked = await obey(root, next(err, 'check'));
  expect([checked.exitCode, checked.stderr]).toEqual([0, '']);
  expect(checked.stdout).toContain('is valid: 1 cells');
  if (kind === 'stage') return;

  const [, line, text] = /pipeline\.yaml:(\d+): (.*)$/.exec(next(err, 'add'))!;
  const lines = readFileSync(join(root, 'pipeline.yaml'), 'utf8').split('\n');
  lines[Number(line) - 1] = `  ${text}`;
  writeFileSync(join(root, 'pipeline.yaml'), lines.join('\n'));
  expect((await ptb(root, 'pipeline', 'validate')).out).toContain('is valid: 2 cells');
});

test('a name that the matrix has already needs no line', async () => {
  const root = project({...AXES, 'pipeline.yaml': AXES['pipeline.yaml'].replace('agent: [first]', 'agent: [mine]')});
  const {err} = await ptb(root, 'new', 'agent', 'mine');
  expect(next(err, 'add')).toBe('nothing: pipeline.yaml:3 names it');
  expect((await obey(root, next(err, 'check'))).exitCode).toBe(0);
});

test('-f: in the folders beside that pipeline, and so are the commands', async () => {
  const root = project(AXES);
  const outside = folder();
  const {code, out, err} = await ptb(outside, 'new', 'stage', 'mine', '-f', join(root, 'pipeline.yaml'));
  expect([code, out.split('\n')[0]]).toEqual([0, join(root, 'stages/mine/run.sh')]);
  expect(readdirSync(outside)).toEqual([]);
  expect((await obey(outside, next(err, 'check'))).exitCode).toBe(0);
});

test('a pipeline without such an axis is told what an axis needs', async () => {
  const {err} = await ptb(project(), 'new', 'eval', 'mine');
  expect(next(err, 'add')).toBe(
    'an axis that takes its fields from evals/ to pipeline.yaml: matrix: {eval: [mine]}, catalog: {eval: {from: evals}}',
  );
});

describe('exit 2, and nothing is made', () => {
  const snapshot = (root: string): string[] => readdirSync(root, {recursive: true, encoding: 'utf8'}).sort();

  test.each([
    ['stage', 'My Stage', 'did you mean "my-stage"? a name is 1 to 40 lower-case'],
    ['stage', 'a.b', 'did you mean "a-b"?'],
    ['stage', 'x'.repeat(41), 'hint: a name is 1 to 40'],
    ['agent', '../outside', 'did you mean "outside"?'],
    ['agent', 'a/b', 'did you mean "a-b"?'],
    ['agent', '.hidden', 'did you mean "hidden"?'],
    ['agent', '', 'hint: a name is 1 to 100'],
    ['agent', 'é\u001b[2J', 'named "é\\x1b[2J"; nothing was made'],
    ['eval', 'a..b', 'did you mean "a.b"?'],
    ['agnt', 'mine', 'Did you mean agent?'],
    ['benchmark', 'mine', "unknown command 'benchmark'"],
  ])('%s %j', async (kind, name, says) => {
    const root = project(AXES);
    const before = snapshot(root);
    const {code, out, err} = await ptb(root, 'new', kind, name);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err).not.toContain('\u001b');
    expect(snapshot(root)).toEqual(before);
  });

  test.each([
    ['a folder', (at: string) => mkdirSync(at)],
    ['a file', (at: string) => writeFileSync(at, '')],
    ['a link to nowhere', (at: string) => symlinkSync('nowhere', at)],
  ])('%s of that name is there', async (_, make) => {
    const root = project(AXES);
    make(join(root, 'agents/mine'));
    const before = snapshot(root);
    const {code, out, err} = await ptb(root, 'new', 'agent', 'mine');
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(
      'agents/mine is there already; nothing was made\n  hint: choose another name, or edit what is there',
    );
    expect(snapshot(root)).toEqual(before);
  });

  test('no pipeline here', async () => {
    const root = folder();
    const {code, err} = await ptb(root, 'new', 'agent', 'mine');
    expect(code).toBe(2);
    expect(err).toContain('hint: name the pipeline with -f FILE, or change into its folder');
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("in the repository's own project", () => {
  /** Where nothing but the names differs from what a person has who calls the commands there. */
  async function withNew(name: string, ...kinds: string[]): Promise<string> {
    const root = folder();
    await copyProject(root);
    for (const kind of kinds) expect((await ptb(root, 'new', kind, name)).code).toBe(0);
    return root;
  }
  const MADE = ['agents', 'evals', 'stages'];

  test('what is made is valid, in the default pipeline too', async () => {
    const root = await withNew('mine', ...KINDS);
    const axes = ['--set', 'matrix.agent=[mine]', '--set', 'matrix.benchmark=[mine]'];
    for (const profile of [[], ['--profile', 'smoke']]) {
      const {code, err, out} = await ptb(root, 'pipeline', 'validate', ...profile, ...axes);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('is valid');
      const {out: graph} = await ptb(root, 'pipeline', 'graph', ...profile, ...axes);
      expect(graph).toContain('mine × 1');
    }
  });

  const whence = '. test/venv.sh puts it there';
  if (!['ruff', 'mypy', 'shellcheck'].every((name) => hasProgram(name, whence))) return;

  test('what is made passes the checks of npm test, whatever its name', {timeout: 120_000}, async () => {
    const root = await withNew('mine', ...KINDS);
    const long = 'x'.repeat(40);
    for (const kind of KINDS) await ptb(root, 'new', kind, long);
    for (const file of ['package.json', 'pyproject.toml']) cpSync(join(REPOSITORY, file), join(root, file));
    const check = async (program: string, args: readonly string[], env = {}): Promise<void> => {
      const {exitCode, all} = await execa(program, args, {cwd: root, env, all: true, reject: false});
      expect(exitCode, `${program} ${args.join(' ')}\n${all}`).toBe(0);
    };
    const folders = ['mine', long].flatMap((name) => MADE.map((home) => `${home}/${name}`));
    const scripts = folders.flatMap((path) => readdirSync(join(root, path)).map((file) => `${path}/${file}`));
    await check('node_modules/.bin/prettier', ['--check', ...folders]);
    await check('ruff', ['check', ...folders]);
    await check('ruff', ['format', '--check', ...folders]);
    await check(
      'shellcheck',
      scripts.filter((file) => file.endsWith('.sh')),
    );
    for (const path of folders.filter((one) => one.startsWith('evals/')))
      await check('mypy', [path], {MYPYPATH: `evals:agents:${path}`});
  });

  test('the new agent, on the new eval, and the new stage run', {timeout: 240_000}, async () => {
    const root = await withNew('mine', ...KINDS);
    // The models are made by the same program in fewer steps: they need not be good.
    const maker = join(root, 'evals/numpy_lm/make.py');
    const shorter = readFileSync(maker, 'utf8').replaceAll(/(base|instruct)_steps=\d+/g, '$1_steps=2');
    writeFileSync(maker, shorter);
    const smoke = ['--profile', 'smoke', '--set', 'matrix.agent=[mine]', '--set', 'matrix.model=[smoke-50k]'];
    const flags = [...smoke, '--set', 'matrix.benchmark=[mine]'];
    const {code, out, err} = await ptb(root, 'pipeline', 'run', '--json', ...flags);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').at(-1)).toContain('"counts":{"cached":0,"done":12,"failed":0');

    const table = JSON.parse((await ptb(root, 'table', '--format', 'json', ...flags)).out) as {cells: unknown};
    expect(table.cells).toMatchObject([{agent: 'mine', benchmark: 'mine', kind: 'measured', because: []}]);
    const results = (stage: string): string => {
      const home = join(root, 'runs/results', stage);
      return join(home, readdirSync(home)[0]!, 'out');
    };
    expect(JSON.parse(readFileSync(join(results('mine'), 'report.json'), 'utf8'))).toEqual({text: 'written by run.sh'});
    const events = readFileSync(join(results('trace'), 'transcript.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(events.map((line) => (JSON.parse(line) as {kind: string}).kind)).toEqual([
      'message',
      'tool_call',
      'message',
    ]);
  });
});
