import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';
import {standInGpus} from './gpus.js';

type Printed = {readonly code: number | undefined; readonly stdout: string; readonly stderr: string};

async function ptb(project: Project, ...args: string[]): Promise<Printed> {
  const {code, stdout, stderr} = await project.ptb(...args).ended;
  return {code, stdout: stdout.replaceAll(/-[0-9a-f]{12}\b/g, '-KEY'), stderr};
}

const because = ['--because', 'only a comment'];
const accept = (project: Project, ...args: string[]): Promise<Printed> => ptb(project, 'step', 'accept', ...args);
const reasons = async (project: Project): Promise<Record<string, string>> =>
  Object.fromEntries((await project.plan()).map(({id, because: reason}) => [id, reason]));

/** train on a GPU for each model, then judge; all of it has run, and then its prompt was edited. */
async function edited(): Promise<Project> {
  const project = await newProject();
  standInGpus(project, 1);
  project.stage('train', {for: ['model'], reads: ['prompt.txt'], resources: {gpus: 1}}).answers({'out.txt': 'model'});
  project.stage('judge', {for: ['model'], needs: ['train']}).answers({'out.txt': 'score'});
  project.write({'prompt.txt': 'please'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  expect((await project.run().ended).code).toBe(0);
  project.write({'prompt.txt': 'please!'});
  return project;
}

test('an accepted result stands under the new key, and what waited for it with it', async () => {
  await using project = await edited();
  const before = project.results('train').map(({dir}) => dir);
  expect(await accept(project, 'train:model=a', ...because)).toMatchInlineSnapshot(`
    {
      "code": 0,
      "stderr": "",
      "stdout": "accepted train:model=a (changed: files.prompt.txt)
      runs/accepted/train/a-KEY.json
    ",
    }
  `);
  expect(await reasons(project)).toEqual({
    'train:model=a': 'cached (accepted: only a comment)',
    'train:model=b': 'changed: files.prompt.txt',
    'judge:model=a': 'cached',
    'judge:model=b': 'after train:model=b',
  });
  const {stdout} = await ptb(project, 'pipeline', 'plan', '--steps');
  expect(stdout).toContain('  train:model=a: cached (accepted: only a comment)\n');

  expect((await accept(project, 'train', ...because)).code).toBe(0);
  const run = await project.run().ended;
  expect(run).toMatchObject({code: 0, stderr: ''});
  expect(run.events.at(-1)?.counts).toMatchObject({cached: 4, done: 0});
  expect(project.results('train').map(({dir}) => dir)).toEqual(before);
});

test('who, when, why, and what changed are on record', async () => {
  await using project = await edited();
  const {stdout} = await project.ptb('step', 'accept', 'train:model=b', ...because).ended;
  const file = stdout.split('\n')[1]!.trim();
  const old = project.results('train').find(({record}) => record.step === 'train:model=b')!.record.key;
  expect(JSON.parse(project.read(file))).toEqual({
    version: 1,
    step: 'train:model=b',
    pipeline: 'rig',
    key: expect.not.stringMatching(old) as string,
    from: old,
    paths: ['files.prompt.txt'],
    because: 'only a comment',
    by: expect.stringMatching(/^.+@.+$/) as string,
    when: expect.stringMatching(/^\d{4}-.*Z$/) as string,
  });
  expect(file).toMatch(/^runs\/accepted\/train\/b-[0-9a-f]{12}\.json$/);
});

test('why says what differs from the accepted result', async () => {
  await using project = await edited();
  await accept(project, 'train:model=a', ...because);
  const {stdout} = await ptb(project, 'why', 'train:model=a');
  expect(stdout).toContain('train:model=a: cached (accepted: only a comment)\n  its result: runs/results/train/a-KEY');
  expect(stdout).toContain('  files.prompt.txt: this file changed\n');
});

test('a further edit asks again; taking all back needs no acceptance', async () => {
  await using project = await edited();
  await accept(project, 'train', ...because);
  project.write({'prompt.txt': 'please!!'});
  expect((await reasons(project))['train:model=a']).toBe('changed: files.prompt.txt');
  project.write({'prompt.txt': 'please'});
  expect(new Set(Object.values(await reasons(project)))).toEqual(new Set(['cached']));
});

test('--rerun makes a result of its own, which counts for more', async () => {
  await using project = await edited();
  await accept(project, 'train', ...because);
  expect((await project.run('--rerun', 'train:model=a').ended).code).toBe(0);
  expect(await reasons(project)).toMatchObject({
    'train:model=a': 'cached',
    'train:model=b': 'cached (accepted: only a comment)',
  });
});

test('an acceptance of a result that is gone counts for nothing', async () => {
  await using project = await edited();
  await accept(project, 'train', ...because);
  const {dir} = project.results('train').find(({record}) => record.step === 'train:model=a')!;
  project.write({[`${dir.slice(project.root.length + 1)}/out/out.txt`]: 'edited'});
  await ptb(project, 'store', 'verify', '--repair');
  expect((await reasons(project))['train:model=a']).toBe('never ran');
});

test('what cannot be accepted', async () => {
  await using project = await edited();
  expect(await accept(project, 'judge:model=a', ...because)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "judge:model=a: it has no key yet: train:model=a comes first; run with --until train
    nothing was accepted
    ",
      "stdout": "",
    }
  `);
  project.pipeline({matrix: {model: ['a', 'b', 'c']}});
  expect(await accept(project, 'train:model=c', ...because)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "train:model=c: it never ran: there is no old result to keep
    nothing was accepted
    ",
      "stdout": "",
    }
  `);
  project.write({'prompt.txt': 'please'});
  expect(await accept(project, 'train:model=a', 'nothing', ...because)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "train:model=a: it is cached: there is nothing to accept
    there is no step "nothing"
      hint: known: train:model=a, train:model=b, train:model=c, judge:model=a, judge:model=b, judge:model=c
    nothing was accepted
    ",
      "stdout": "",
    }
  `);
  expect(await accept(project, 'train:model=a', '--because', ' ')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "--because is empty; say why the old results are still good
    ",
      "stdout": "",
    }
  `);
  expect(await accept(project, 'train:model=a')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "error: required option '--because <text>' not specified
    ",
      "stdout": "",
    }
  `);
  expect(project.has('runs/accepted')).toBe(false);
});

test('the table says which results were accepted, by whom and why', async () => {
  await using project = await newProject();
  const metrics = {'metrics.json': JSON.stringify({accuracy: 0.5, stderr: 0, n: 1})};
  project.stage('post-train', {for: ['agent'], reads: ['prompt.txt']}).answers({'out.txt': 'model'});
  project
    .stage('evaluate', {for: ['agent'], needs: ['post-train'], outputs: {metrics: 'metrics.json'}})
    .answers(metrics);
  project.stage('audit', {for: ['agent'], needs: ['post-train'], outputs: {audit: 'audit.json'}}).answers({
    'audit.json': JSON.stringify({flagged: false, flags: [], findings: []}),
  });
  project.write({'prompt.txt': 'please'});
  project.pipeline({matrix: {agent: ['one']}});
  await project.run().ended;
  project.write({'prompt.txt': 'please!'});
  await accept(project, 'post-train', ...because);
  const said =
    /the result of post-train:agent=one is accepted by .+@.+ on \d{4}-\d\d-\d\d \(only a comment\) although changed: files\.prompt\.txt/;
  for (const format of ['text', 'markdown']) {
    expect((await ptb(project, 'table', '--format', format)).stdout).toMatch(said);
  }
  const {stdout} = await ptb(project, 'table', '--format', 'json');
  expect((JSON.parse(stdout) as {warnings: string[]}).warnings.at(-1)).toMatch(said);
});
