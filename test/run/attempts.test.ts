import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {isRunning} from '../rig/processes.js';
import {newProject} from '../rig/project.js';
import {becauseOf, counts, countsOf, eventsOf, failuresOf, startedBy} from '../rig/look.js';

test('a step that asks for another try gets it, and its failed attempts stay as evidence', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {retry: {on: ['temporary'], times: 3}});
  fetch.answers(() => (fetch.invocations < 3 ? {code: 75} : {'out.txt': 'at last'}));
  project.pipeline();

  const run = await project.run().ended;
  expect(run).toMatchObject({code: 0, stderr: ''});
  expect(countsOf(run)).toEqual(counts({done: 1}));
  expect(fetch.invocations).toBe(3);
  expect(eventsOf(run, 'failed').map(({attempt, again}) => [attempt, again])).toEqual([
    [1, true],
    [2, true],
  ]);
  expect(project.results('fetch')[0]!.record.attempt).toBe(3);
  expect(project.attempts('fetch').map((dir) => dir.slice(-2))).toEqual(['/1', '/2']);
});

test("exit 75 without retry is a failure of class temporary, in the script's own words if it left some", async () => {
  await using project = await newProject();
  const said = {'failure.json': JSON.stringify({class: 'temporary', because: 'the hub answers 503'})};
  project
    .stage('fetch', {for: ['model']})
    .answers(({step}) => ({code: 75, files: step.axes.model === 'a' ? said : {}}));
  project.pipeline({matrix: {model: ['a', 'b']}});

  const run = await project.run().ended;
  expect(run.code).toBe(1);
  expect(failuresOf(run, 'fetch:model=a')).toMatchObject([{class: 'temporary', because: 'the hub answers 503'}]);
  expect(failuresOf(run, 'fetch:model=b')).toMatchObject([
    {class: 'temporary', because: expect.stringContaining('75') as string},
  ]);
});

test('a failure of a class that retry does not name is not tried again', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {retry: {on: ['temporary', 'lost'], times: 3}}).answers(() => ({code: 1}));
  project.pipeline();
  expect((await project.run().ended).code).toBe(1);
  expect(fetch.invocations).toBe(1);
});

test('retries are used up, and the next run starts with a fresh count and says why', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch', {retry: {on: ['failed'], times: 1}}).answers(() => ({code: 3}));
  project.pipeline();
  expect((await project.run().ended).code).toBe(1);
  expect(fetch.invocations).toBe(2);

  expect(await project.plan()).toMatchObject([{verdict: 'run', because: 'failed before (2 attempts; exit 3)'}]);
  fetch.answers({'out.txt': 'now'});
  const run = await project.run().ended;
  expect(becauseOf(run, 'fetch')).toEqual({kind: 'failed-before', attempts: 2, because: 'exit 3'});
  expect(run.code).toBe(0);
  expect(project.results('fetch')[0]!.record.attempt).toBe(3);
});

test('a failure carries its class, its reason and the last lines of its log', async () => {
  await using project = await newProject();
  const train = project.stage('train');
  project.pipeline();
  const run = project.run();
  const attempt = await train.nextInvocation();
  await attempt.print('progress\n');
  await attempt.print('Traceback\nValueError: no such \u001b[31mtokenizer\n', 'stderr');
  await attempt.exit(1);
  expect((await run.ended).code).toBe(1);
  expect(failuresOf(await run.ended, 'train')).toMatchObject([
    {class: 'failed', because: 'exit 1', evidence: ['Traceback', 'ValueError: no such \u001b[31mtokenizer']},
  ]);
});

describe('an exit code counts as the stage declares', () => {
  test.each([
    [['exited-0'], 1, {class: 'failed', because: 'exit 1'}],
    [['exited-0', 'exited-nonzero'], 1, 'done'],
    [['exited-nonzero'], 0, {class: 'failed', because: 'exit 0'}],
    [['exited-0', 'timed-out'], 1, {class: 'failed', because: 'exit 1'}],
    [['exited-0', 'exited-nonzero'], 75, {class: 'temporary', because: 'exit 75: the script asks for another try'}],
  ])('done-when %j, exit %i', async (doneWhen, code, outcome) => {
    await using project = await newProject();
    const retry = {on: ['temporary', 'failed'], times: 0};
    project.stage('train', {'done-when': doneWhen, retry}).answers(() => ({code, files: {'out.txt': 'model'}}));
    project.pipeline();
    const run = await project.run().ended;
    if (outcome === 'done') {
      expect(countsOf(run)).toEqual(counts({done: 1}));
      expect(project.results('train')[0]!.record.outcome).toEqual({kind: 'exited', code});
    } else {
      expect(failuresOf(run, 'train')).toMatchObject([outcome]);
    }
  });

  test('a killed command is never done', async () => {
    await using project = await newProject();
    const train = project.stage('train', {'done-when': ['exited-0', 'exited-nonzero', 'timed-out']});
    project.pipeline();
    const run = project.run();
    const attempt = await train.nextInvocation();
    attempt.write({'out.txt': 'half'});
    process.kill(attempt.pid, 'SIGKILL');
    expect(failuresOf(await run.ended, 'train')).toMatchObject([{class: 'killed', because: 'killed by SIGKILL'}]);
  });

  test('a job killed whole, with no word left, is lost and tried again where the stage says so', async () => {
    await using project = await newProject();
    const train = project.stage('train', {retry: {on: ['lost'], times: 1}});
    project.pipeline();
    const run = project.run();
    const attempt = await train.nextInvocation();
    const [owner] = project.read(`${attempt.cwd.slice(project.root.length)}/../claimed/owner`).split(' ');
    process.kill(-Number(owner), 'SIGKILL');
    process.kill(attempt.pid, 'SIGKILL');
    await (await train.nextInvocation()).exit(0, {'out.txt': 'model'});
    expect(failuresOf(await run.ended, 'train')).toMatchObject([{class: 'lost'}]);
    expect((await run.ended).code).toBe(0);
    expect(train.invocations).toBe(2);
  });
});

describe('the end of its time', () => {
  const limits = {time: '0.5s', grace: '0.5s', cpus: 1};

  test('TERM, and what a command that heeds it leaves counts where the stage says so', async () => {
    await using project = await newProject();
    const train = project.stage('train', {resources: limits, 'done-when': ['exited-0', 'timed-out']});
    project.pipeline();
    const run = project.run();
    const attempt = (await train.nextInvocation()).write({'out.txt': 'as far as it came'}).ignore('SIGTERM');
    await attempt.signalled('SIGTERM');
    await attempt.exit(0);
    expect((await run.ended).code).toBe(0);
    const {record} = project.results('train')[0]!;
    expect(record.outcome).toEqual({kind: 'timed-out', afterSeconds: 1});
    expect(record.seconds.run).toBeGreaterThan(0.45);
  });

  test('KILL after the grace for one that does not heed it; a failure where the stage does not name it', async () => {
    await using project = await newProject();
    const train = project.stage('train', {resources: limits});
    project.pipeline();
    const run = project.run();
    const attempt = (await train.nextInvocation()).write({'out.txt': 'half'}).ignore('SIGTERM');
    await attempt.gone;
    expect(isRunning(attempt.pid)).toBe(false);
    expect(failuresOf(await run.ended, 'train')).toMatchObject([{class: 'timed-out', because: 'timed out after 1 s'}]);
  });

  test('is kept while no controller lives', async () => {
    await using project = await newProject();
    const train = project.stage('train', {resources: limits, 'done-when': ['timed-out']});
    project.pipeline();
    const first = project.run();
    const attempt = (await train.nextInvocation()).write({'out.txt': 'model'});
    first.kill('SIGKILL');
    await first.ended;
    await attempt.gone;
    const second = await project.run().ended;
    expect(countsOf(second)).toEqual(counts({done: 1}));
    expect(train.invocations).toBe(1);
  });

  test('does not run during preparation', async () => {
    await using project = await newProject();
    const train = project.stage('train', {resources: limits, prepare: 'held'});
    project.pipeline();
    const run = project.run();
    const preparation = await train.nextInvocation();
    expect(preparation.phase).toBe('prepare');
    expect(preparation.env.PTB_DEADLINE).toBeUndefined();
    const before = Math.floor(Date.now() / 1000);
    await preparation.exit(0);
    const attempt = await train.nextInvocation();
    expect(attempt.phase).toBe('run');
    expect(Number(attempt.env.PTB_DEADLINE)).toBeGreaterThanOrEqual(before + 1);
    await attempt.exit(0, {'out.txt': 'model'});
    expect((await run.ended).code).toBe(0);
  });
});

describe('more than it may take', () => {
  const flood = ['bash', '-c', 'echo model >out.txt; head -c 30000000 /dev/zero | tr "\\0" x; sleep 30'];

  test.each([
    [['exited-0', 'timed-out'], 'done'],
    [['exited-0', 'exited-nonzero'], 'failed'],
  ])('done-when %j: %s', async (doneWhen, state) => {
    await using project = await newProject();
    project.stage('train', {
      run: flood,
      resources: {log: '1MB'},
      'done-when': doneWhen,
      retry: {on: ['failed', 'killed'], times: 2},
    });
    project.pipeline();
    const run = await project.run().ended;
    expect(countsOf(run)).toEqual(counts({[state]: 1}));
    if (state === 'done') {
      expect(project.results('train')[0]!.record.outcome).toEqual({kind: 'exceeded', what: 'log'});
    } else {
      const because = 'ended: its log grew larger than its stage allows (resources.log)';
      expect(failuresOf(run, 'train')).toMatchObject([{class: 'exceeded', because}]);
    }
  });
});

test('a preparation that fails ends the attempt, whatever the stage takes for done', async () => {
  await using project = await newProject();
  const train = project.stage('train', {prepare: 'held', 'done-when': ['exited-0', 'exited-nonzero']});
  project.pipeline();
  train.answers(() => ({code: 4}));
  const run = await project.run().ended;
  expect(failuresOf(run, 'train')).toMatchObject([{class: 'failed', because: 'prepare: exit 4'}]);
  expect(train.invocations).toBe(1);
});

test('what stands behind a failed step is blocked, the rest goes on, and an optional need is told', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']});
  train.answers(({step}) => (step.axes.model === 'bad' ? {code: 1} : {'out.txt': 'model'}));
  const judge = project.stage('judge', {for: ['model'], needs: ['train']}).answers({'out.txt': '1'});
  const needs = [
    {stage: 'train', optional: true},
    {stage: 'judge', optional: true},
  ];
  const sum = project.stage('sum', {needs}).answers({'out.txt': 'table'});
  project.pipeline({matrix: {model: ['bad', 'good']}});

  const run = await project.run().ended;
  expect(run.code).toBe(1);
  expect(countsOf(run)).toEqual(counts({done: 3, failed: 1, blocked: 1}));
  expect(eventsOf(run, 'blocked')).toMatchObject([{step: 'judge:model=bad', by: 'train:model=bad'}]);
  expect(judge.started).toEqual(['judge:model=good']);
  expect(sum.last.step.needs).toMatchObject({
    train: [
      {axes: {model: 'bad'}, path: null, because: 'train failed: exit 1'},
      {axes: {model: 'good'}, path: expect.stringContaining('/in/train/') as string},
    ],
    judge: [
      {axes: {model: 'bad'}, path: null, because: 'train:model=bad failed'},
      {axes: {model: 'good'}, path: expect.stringContaining('/in/judge/') as string},
    ],
  });

  // The failure is part of the gathered answer: once it is mended, the sum is another one.
  train.answers({'out.txt': 'model'});
  const mended = await project.run().ended;
  expect(startedBy(mended)).toEqual(['train:model=bad', 'judge:model=bad', 'sum']);
  expect(becauseOf(mended, 'sum')).toEqual({
    kind: 'changed',
    paths: ['needs.judge.judge:model=bad', 'needs.train.train:model=bad'],
  });
});

test('--fail-fast starts nothing new, lets the running ones end and keeps them', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']});
  project.pipeline({matrix: {model: ['a', 'b', 'c', 'd']}, executor: {use: 'local', cpus: 2, memory: '64GB'}});
  const run = project.run('--fail-fast');
  const [a, b] = [await train.nextInvocation({model: 'a'}), await train.nextInvocation({model: 'b'})];
  await a.exit(1);
  await run.event('failed', 'train:model=a');
  await b.exit(0, {'out.txt': 'model'});
  const ended = await run.ended;
  expect(ended.code).toBe(1);
  expect(countsOf(ended)).toEqual(counts({done: 1, failed: 1, waiting: 2}));
  expect(train.invocations).toBe(2);
});

test('without --fail-fast everything that can run runs', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']}).answers(({step}) => ({
    code: step.axes.model === 'a' ? 1 : 0,
    files: {'out.txt': 'model'},
  }));
  project.pipeline({matrix: {model: ['a', 'b', 'c']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
  expect(countsOf(await project.run().ended)).toEqual(counts({done: 2, failed: 1}));
  expect(train.invocations).toBe(3);
});

test('no more jobs run at once than the machine has slots for', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model'], resources: {cpus: 2}});
  project.pipeline({matrix: {model: ['a', 'b', 'c']}, executor: {use: 'local', cpus: 5, memory: '64GB'}});
  const run = project.run();
  const first = await train.nextInvocation({model: 'a'});
  const second = await train.nextInvocation({model: 'b'});
  await first.exit(0, {'out.txt': '1'});
  await run.event('done', 'train:model=a');
  const third = await train.nextInvocation({model: 'c'});
  await second.exit(0, {'out.txt': '2'});
  await third.exit(0, {'out.txt': '3'});
  await run.ended;
  const times = new Map(project.results('train').map(({record}) => [record.step.slice(-1), record]));
  expect(times.get('b')!.started < times.get('a')!.ended).toBe(true);
  expect(times.get('c')!.started >= times.get('a')!.ended).toBe(true);
  expect((await run.ended).code).toBe(0);
});

test('a step that the machine is too small for is said before anything starts, with the numbers', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch');
  project.stage('train', {needs: ['fetch'], resources: {cpus: 64, memory: '1GB'}});
  project.pipeline();
  const run = await project.run().ended;
  expect(run.code).toBe(3);
  expect(run.stderr).toContain('64 CPUs, and there are 4');
  expect(fetch.invocations).toBe(0);
});

test('an edit while a step waits for room judges it again, by what stands there now', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model'], reads: ['list.txt']});
  project.stage('first', {for: ['model'], reads: ['list.txt']});
  project.write({'list.txt': 'one'});
  project.pipeline({matrix: {model: ['a', 'b', 'c']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
  const run = project.run('--until', 'train');
  const a = await train.nextInvocation({model: 'a'});
  project.write({'list.txt': 'two'});
  await a.exit(0, {'out.txt': 'a'});
  for (const model of ['b', 'c']) await (await train.nextInvocation({model})).exit(0, {'out.txt': model});
  expect((await run.ended).code).toBe(0);
  // `b` had its files already when the edit came; `c` had not.
  const digests = project
    .results('train')
    .map(({dir, record}) => [
      record.step.slice(-1),
      project.read(join(dir.slice(project.root.length), 'files/list.txt')),
    ]);
  expect(digests).toEqual([
    ['a', 'one'],
    ['b', 'one'],
    ['c', 'two'],
  ]);
});
