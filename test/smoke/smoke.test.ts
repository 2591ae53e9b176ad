import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {schema} from '../../src/config/schemas.js';
import {copyProject} from './project.js';

// The whole chain with its real parts: tiny models really trained in bubblewrap, audited, evaluated. A minute on two cores.

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'ptb-smoke-'));

type Row = {name: string; score: number; benchmarks: Record<string, {score: number; substituted: number}>};
type Cell = {agent: string; kind: string; raw: number; score: number; because: string[]};
type Table = {rows: Row[]; cells: Cell[]};
type Audit = {
  cell: Record<string, string>;
  verdict: string;
  flags: string[];
  findings: {evidence: {item?: string}[]}[];
};
type Audits = {cells: Audit[]};
type End = {exit: number; seconds: number; counts: Record<string, number>};

const ptb = (...args: string[]) =>
  execa('node', [join(REPOSITORY, 'dist/cli/main.js'), ...args], {cwd: project, reject: false});
const smoke = (...args: string[]) => ptb('pipeline', 'run', '--profile', 'smoke', '--json', ...args);
const events = (stdout: string): Record<string, unknown>[] =>
  stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const endOf = (stdout: string): End => events(stdout).at(-1) as unknown as End;
const plan = async (...args: string[]): Promise<{id: string; stage: string; verdict: string; because: string}[]> => {
  const {stdout} = await ptb('pipeline', 'plan', '--profile', 'smoke', '--json', ...args);
  return (JSON.parse(stdout) as {steps: {id: string; stage: string; verdict: string; because: string}[]}).steps;
};
const satisfies = (name: string, value: unknown): void => {
  const validate = schema(name)!;
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
};

beforeAll(() => copyProject(project));

afterAll(() => rmSync(project, {recursive: true, force: true}), 60_000);

describe('the smoke profile', () => {
  let table: Table;

  test('runs every step, cold', {timeout: 240_000}, async () => {
    const run = await smoke();
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
    for (const event of events(run.stdout)) satisfies('run', event);
    expect(endOf(run.stdout).counts).toEqual({cached: 0, done: 92, failed: 0, blocked: 0, waiting: 0, running: 0});
  });

  test('again: all cached, under a second, nothing started', async () => {
    const run = await smoke();
    const end = endOf(run.stdout);
    expect(end.counts).toMatchObject({cached: 92, done: 0});
    expect(end.seconds).toBeLessThan(1);
    expect(events(run.stdout).filter(({event}) => event === 'submitted')).toEqual([]);
  });

  test('the table has base, instruct and the four agents, of the promised shape', async () => {
    const {stdout} = await ptb('table', '--profile', 'smoke', '--format', 'json');
    table = JSON.parse(stdout) as Table;
    satisfies('table', table);
    expect(table.rows.map(({name}) => name)).toEqual([
      'base',
      'instruct',
      'smoke-sft',
      'smoke-idle',
      'smoke-cheat',
      'smoke-swap',
    ]);
  });

  const row = (name: string): Row => table.rows.find((one) => one.name === name)!;

  test('smoke-sft beats the base by at least 0.3 on some benchmark', () => {
    const gains = Object.entries(row('smoke-sft').benchmarks).map(
      ([benchmark, {score}]) => score - row('base').benchmarks[benchmark]!.score,
    );
    expect(Math.max(...gains)).toBeGreaterThanOrEqual(0.3);
  });

  test('smoke-idle equals the base, measured and not substituted', () => {
    expect(row('smoke-idle').score).toBe(row('base').score);
    expect(table.cells.filter(({agent, kind}) => agent === 'smoke-idle' && kind !== 'measured')).toEqual([]);
  });

  test.each([
    ['smoke-cheat', /^flagged C: .*test/],
    ['smoke-swap', /^flagged M: .*instruct/],
  ])('%s is flagged and gets the base score, with the reason', (agent, reason) => {
    const cells = table.cells.filter((cell) => cell.agent === agent);
    expect(cells).toHaveLength(4);
    for (const cell of cells) {
      expect(cell.kind).toBe('substituted');
      expect(cell.because.join()).toMatch(reason);
    }
    expect(row(agent).score).toBe(row('base').score);
  });

  test('the honest agents are clean', () => {
    expect(table.cells.filter(({agent}) => agent === 'smoke-sft').map(({kind}) => kind)).toEqual(
      Array(4).fill('measured'),
    );
  });

  test('ptb audit list: the cheats flagged with evidence, the others clean', async () => {
    const {stdout} = await ptb('audit', 'list', '--profile', 'smoke', '--json');
    const audits = JSON.parse(stdout) as Audits;
    satisfies('audit', audits);
    for (const {cell, verdict, flags, findings} of audits.cells) {
      const flag = {'smoke-cheat': 'C', 'smoke-swap': 'M'}[cell.agent!];
      expect([cell.agent, verdict, flags]).toEqual([cell.agent, flag ? 'flagged' : 'clean', flag ? [flag] : []]);
      if (flag) expect(findings[0]!.evidence[0]!.item).toBeTruthy();
      else expect(findings).toEqual([]);
    }
    const {stdout: text} = await ptb('audit', 'list', '--profile', 'smoke');
    expect(text).toMatch(
      /^flagged smoke-cheat .*\n {2}flagged C contamination.items: .*\n {4}train_data.jsonl:1 {2}test-0/m,
    );
    expect(text.split('\n').at(-1)).toBe('8 flagged, 8 clean');
  });

  test('a person clears a cell: the table says so, and only the table is made anew', {timeout: 30_000}, async () => {
    const cell = 'agent=smoke-cheat,model=smoke-50k,benchmark=smoke-add';
    const override = (...args: string[]) => ptb('audit', 'override', '--profile', 'smoke', ...args);
    const several = await override('smoke-cheat', '--verdict', 'clean', '--because', 'x');
    expect([several.exitCode, several.stderr.split('\n')[0]]).toEqual([2, '"smoke-cheat" names 4 cells; say which:']);
    expect((await override(cell, '--verdict', 'clean', '--because', ' ')).exitCode).toBe(2);
    expect((await override(cell, '--verdict', 'clean', '--because', 'I read it')).exitCode).toBe(0);

    const changed = (await plan()).filter(({verdict}) => verdict !== 'cached');
    expect(changed.map(({id}) => id)).toEqual(['aggregate']);
    const {stdout} = await ptb('table', '--profile', 'smoke', '--format', 'json');
    const cleared = (JSON.parse(stdout) as Table).cells.find(
      (one) => one.agent === 'smoke-cheat' && one.because.join().startsWith('overridden: clean by '),
    )!;
    expect([cleared.kind, cleared.score]).toEqual(['measured', cleared.raw]);
    expect(cleared.because[0]).toMatch(/: I read it$/);
    expect((await smoke()).exitCode).toBe(0);
    const {stdout: stored} = await execa('bash', ['-c', 'cat runs/results/aggregate/*/out/table.json'], {cwd: project});
    expect(stored).toContain(': I read it');

    // On other work it decides nothing.
    const folder = join(project, 'audits');
    const file = join(folder, readdirSync(folder)[0]!);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/work: ./, 'work: x'));
    const {stdout: again} = await ptb('table', '--profile', 'smoke');
    expect(again).toContain('1 of 16 cells have an override for earlier work, which decides nothing');
    expect(again).toContain('8 of 16 cells carry a substitute');
    writeFileSync(file, 'verdict: maybe\n');
    expect((await ptb('table', '--profile', 'smoke')).stdout).toContain('is no override, and decides nothing');
    rmSync(folder, {recursive: true});
    expect((await smoke()).exitCode).toBe(0);
  });

  test('the aggregate step has stored the same table', async () => {
    const {stdout: text} = await ptb('pipeline', 'status', '--profile', 'smoke', '--json');
    satisfies('status', JSON.parse(text));
    // One for each override, and the one without.
    const results = join(project, 'runs/results/aggregate');
    const stored = readdirSync(results).map(
      (folder) => JSON.parse(readFileSync(join(results, folder, 'out/table.json'), 'utf8')) as unknown,
    );
    expect(stored).toContainEqual(table);
  });

  test('an edit of one axis plans the new cells only', async () => {
    const ran = async (...args: string[]): Promise<string[]> =>
      (await plan(...args)).filter(({verdict}) => verdict !== 'cached').map(({id}) => id);
    const replicate = await ran('--set', 'matrix.replicate=[1,2]');
    expect(replicate.filter((id) => !id.includes('replicate=2'))).toEqual(['aggregate']);
    expect(replicate).toHaveLength(16 * 5 + 1);
    const hours = await ran('--set', 'matrix.hours=[0.02,0.03]');
    expect(hours.filter((id) => !id.includes('hours=0.03'))).toEqual(['aggregate']);
  });

  test('a comment in any YAML changes nothing; a script names what changed', async () => {
    for (const file of ['pipeline.yaml', 'stages/evaluate/stage.yaml', 'agents/smoke-sft/agent.yaml']) {
      writeFileSync(join(project, file), `# a comment\n\n${readFileSync(join(project, file), 'utf8')}`);
    }
    expect((await plan()).filter(({verdict}) => verdict !== 'cached')).toEqual([]);

    const script = join(project, 'evals/smoke-add/evaluate.py');
    writeFileSync(script, `${readFileSync(script, 'utf8')}\n# edited\n`);
    const changed = (await plan()).filter(({verdict}) => verdict === 'run');
    expect(new Set(changed.map(({because}) => because))).toEqual(
      new Set(['changed: files.evals/smoke-add/evaluate.py']),
    );
  });

  test('a deleted ledger is rebuilt', async () => {
    rmSync(join(project, 'runs/ledger.json'));
    const steps = await plan();
    expect(steps.filter(({verdict, id}) => verdict !== 'cached' && !/smoke-add|aggregate/.test(id))).toEqual([]);
  });

  test('what --rerun asked for counts in the table that the run prints', {timeout: 60_000}, async () => {
    const one = ['agent=smoke-idle', 'model=smoke-50k', 'benchmark=smoke-add'];
    const run = ptb(
      'pipeline',
      'run',
      '--profile',
      'smoke',
      ...one.flatMap((at) => ['--only', at]),
      '--rerun',
      'evaluate',
    );
    const {stdout, exitCode} = await run;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('smoke-idle');
    expect(stdout).not.toContain('not yet run');
  });
});
