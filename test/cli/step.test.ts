import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

const plain = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/-[0-9a-f]{12}\b/g, '-KEY')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST')
    .replaceAll(/\b\d+\.\d s\b/g, 'N s')
    .replaceAll(/ on \S+,/g, ' on HOST,')
    .replaceAll(/, at most [\d.]+ MB/g, '');

async function step(project: Project, ...args: string[]): Promise<string> {
  const {code, stdout, stderr} = await project.ptb('step', ...args).ended;
  return `\n${plain(`exit ${code}\n${stdout}${stderr}`)}`;
}

/** fetch went well; of train, a failed twice and b went well at the second attempt; judge is behind both. */
async function mixed(): Promise<Project> {
  const project = await newProject();
  project
    .stage('fetch', {outputs: {weights: 'w', notes: 'notes.txt'}})
    .answers({'w/one': 'x'.repeat(2500), 'w/two': '', 'notes.txt': 'hi'});
  const train = project.stage('train', {for: ['model'], needs: ['fetch'], retry: {on: ['failed'], times: 1}});
  project.stage('judge', {for: ['model'], needs: ['train']}).answers({'out.txt': 'score'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  const run = project.run();
  for (const [model, code] of [
    ['a', 3],
    ['b', 3],
    ['a', 3],
    ['b', 0],
  ] as const) {
    const one = await train.nextInvocation({model});
    await one.print(`${model} begins\n`);
    await one.print(`${model} complains\u001b[31m\n`, 'stderr');
    await one.exit(code, {'out.txt': 'model'});
  }
  await run.ended;
  return project;
}

test('list: one line a step, with its state', async () => {
  await using project = await mixed();
  expect(await step(project, 'list')).toMatchInlineSnapshot(`
    "
    exit 0
    done     fetch         N s        cached
    failed   train:model=a              exit 3
    done     train:model=b N s        cached
    blocked  judge:model=a              train:model=a failed
    done     judge:model=b N s        cached
    "
  `);
  expect(await step(project, 'list', '--state', 'blocked')).toMatchInlineSnapshot(`
    "
    exit 0
    blocked  judge:model=a              train:model=a failed
    "
  `);
  expect(await step(project, 'list', '--state', 'gone')).toMatchInlineSnapshot(`
    "
    exit 2
    error: option '--state <state>' argument 'gone' is invalid. Allowed choices are done, running, waiting, failed, blocked, missing.
    "
  `);
  const {stdout} = await project.ptb('step', 'list', '--state', 'done', '--json').ended;
  expect((JSON.parse(stdout) as {steps: unknown[]}).steps).toHaveLength(3);
});

test('show: the result, the attempts, and where they lie', async () => {
  await using project = await mixed();
  expect(await step(project, 'show', 'fetch')).toMatchInlineSnapshot(`
    "
    exit 0
    fetch: cached
    result runs/results/fetch/all-KEY
      attempt 1: exit 0 after N s
      time: active N s, wall N s, after N s of waiting
      TIME to TIME on HOST, executor local, sandbox none
      w          2.5 kB in 2 files  DIGEST
      notes.txt  2 B in 1 file  DIGEST
    "
  `);
  expect(await step(project, 'show', 'train:model=a')).toMatchInlineSnapshot(`
    "
    exit 0
    train:model=a: failed before (2 attempts; exit 3)
    no result under any key
    attempt 1 runs/attempts/train/a-KEY/1
      failed: exit 3, TIME
      time: active N s, wall N s, after N s of waiting
      | a complains\\x1b[31m
    attempt 2 runs/attempts/train/a-KEY/2
      failed: exit 3, TIME
      time: active N s, wall N s, after N s of waiting
      | a complains\\x1b[31m
    "
  `);
  expect(await step(project, 'show', 'train:model=b')).toMatchInlineSnapshot(`
    "
    exit 0
    train:model=b: cached
    result runs/results/train/b-KEY
      attempt 2: exit 0 after N s
      time: active N s, wall N s, after N s of waiting
      TIME to TIME on HOST, executor local, sandbox none
      out.txt  5 B in 1 file  DIGEST
    attempt 1 runs/attempts/train/b-KEY/1
      failed: exit 3, TIME
      time: active N s, wall N s, after N s of waiting
      | b complains\\x1b[31m
    "
  `);
  expect(await step(project, 'show', 'judge:model=a')).toMatchInlineSnapshot(`
    "
    exit 0
    judge:model=a: after train:model=a
    no result under any key
    "
  `);
});

test('show: a result of an earlier key is the old one, an accepted one says so', async () => {
  await using project = await newProject();
  project.stage('train', {reads: ['prompt.txt']}).answers({'out.txt': 'model'});
  project.write({'prompt.txt': 'please'});
  project.pipeline();
  await project.run().ended;
  project.write({'prompt.txt': 'now'});
  expect(await step(project, 'show', 'train')).toMatchInlineSnapshot(`
    "
    exit 0
    train: changed: files.prompt.txt
    old result, under another key runs/results/train/all-KEY
      attempt 1: exit 0 after N s
      time: active N s, wall N s, after N s of waiting
      TIME to TIME on HOST, executor local, sandbox none
      out.txt  5 B in 1 file  DIGEST
    "
  `);
  await project.ptb('step', 'accept', 'train', '--because', 'same meaning').ended;
  const shown = (await step(project, 'show', 'train')).replace(/by \S+@\S+,/, 'by WHOM,');
  expect(shown).toMatchInlineSnapshot(`
    "
    exit 0
    train: cached (accepted: same meaning)
    result runs/results/train/all-KEY
      attempt 1: exit 0 after N s
      time: active N s, wall N s, after N s of waiting
      TIME to TIME on HOST, executor local, sandbox none
      out.txt  5 B in 1 file  DIGEST
      accepted by WHOM, TIME: same meaning
    "
  `);
});

test('show --json', async () => {
  await using project = await mixed();
  const {stdout} = await project.ptb('step', 'show', 'train:model=b', '--json').ended;
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    id: 'train:model=b',
    verdict: 'cached',
    accepted: null,
    result: {current: true, attempt: 2, outputs: {'out.txt': {bytes: 5, files: 1}}},
    attempts: [{attempt: 1, state: 'failed', class: 'failed', because: 'exit 3'}],
  });
});

test('logs: stdout to stdout, stderr to stderr, of any attempt', async () => {
  await using project = await mixed();
  const logs = async (...args: string[]): Promise<unknown> => {
    const {code, stdout, stderr} = await project.ptb('step', 'logs', ...args).ended;
    return [code, stdout, stderr];
  };
  const said = (model: string): unknown => [0, `${model} begins\n`, `${model} complains\\x1b[31m\n`];
  expect(await logs('train:model=a')).toEqual(said('a'));
  expect(await logs('train:model=b')).toEqual(said('b'));
  expect(await logs('train:model=b', '--attempt', '1')).toEqual(said('b'));
  expect(await logs('train:model=b', '--attempt', '7')).toEqual([
    2,
    '',
    'train:model=b has no attempt 7; there is 1, 2\n',
  ]);
  expect(await logs('judge:model=a')).toEqual([2, '', 'judge:model=a was never tried\n']);
});

test('logs --follow goes on until the attempt has ended', async () => {
  await using project = await newProject();
  const train = project.stage('train');
  project.pipeline();
  const run = project.run();
  const one = await train.nextInvocation();
  await one.print('one\n', 'stderr');
  const logs = project.ptb('step', 'logs', 'train', '--follow');
  await logs.says('one\n');
  await one.print('two\n', 'stderr');
  await logs.says('two\n');
  await one.exit(0, {'out.txt': 'model'});
  expect(await logs.ended).toMatchObject({code: 0, stdout: '', stderr: 'one\ntwo\n'});
  await run.ended;
});

test('rerun says the command', async () => {
  await using project = await mixed();
  expect(await step(project, 'rerun', 'train:model=b', '--set', 'matrix.model=[a, b]')).toBe(
    "\nexit 0\nptb pipeline run --set 'matrix.model=[a, b]' --rerun train:model=b\n",
  );
});
