import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import type {Invocation} from '../rig/held.js';
import {becauseOf, counts, countsOf, eventsOf, failuresOf, startedBy} from '../rig/look.js';
import {isRunning, kill, processesBelow} from '../rig/processes.js';
import {newProject, type Project} from '../rig/project.js';
import {until} from '../rig/until.js';

const folderOf = (attempt: Invocation): string => dirname(attempt.cwd);
/** The job has written its exit record. */
const recorded = (attempt: Invocation): Promise<void> =>
  until(() => existsSync(join(folderOf(attempt), 'exit.json')), 'an exit record');
/** Nothing of the project runs any more. */
const quiet = (project: Project): Promise<void> =>
  until(() => processesBelow(project.root).length === 0, 'the last job is gone', 5000);

describe('a controller that was killed', () => {
  test('right after a job was submitted: the next one adopts it, and starts no second one', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    expect(isRunning(attempt.pid)).toBe(true);

    const second = project.run();
    const {job} = await second.event('adopted', 'train');
    expect(job).toBe((await first.ended).events.find(({event}) => event === 'submitted')!.job);
    await attempt.exit(0, {'out.txt': 'model'});
    const ended = await second.ended;
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('taking over');
    expect(countsOf(ended)).toEqual(counts({done: 1}));
    expect(train.invocations).toBe(1);
    expect(project.results('train')[0]!.record.attempt).toBe(1);
  });

  test('right after exit.json was written: the next one settles it', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    await attempt.exit(0, {'out.txt': 'model'});
    await recorded(attempt);
    expect(await project.status()).toMatchObject([{state: 'running', because: 'ended; the next run settles it'}]);

    expect(countsOf(await project.run().ended)).toEqual(counts({done: 1}));
    expect(train.invocations).toBe(1);
  });

  test('whose job was killed with it: lost, and tried again where the stage says so', async () => {
    await using project = await newProject();
    const train = project.stage('train', {retry: {on: ['lost'], times: 1}});
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    kill(processesBelow(project.root));
    await attempt.gone;
    await quiet(project);

    const second = project.run();
    await (await train.nextInvocation()).exit(0, {'out.txt': 'model'});
    expect(failuresOf(await second.ended, 'train')).toMatchObject([{class: 'lost'}]);
    expect((await second.ended).code).toBe(0);
    expect(train.invocations).toBe(2);
  });

  test('right after job.json was written: it is submitted, once', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']});
    project.pipeline({matrix: {model: ['a', 'b']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
    const first = project.run();
    const a = await train.nextInvocation({model: 'a'});
    first.kill('SIGKILL'); // `b` has its job.json, and waits for room
    await first.ended;
    expect(project.attempts('train').filter((dir) => existsSync(join(dir, 'job.json')))).toHaveLength(2);
    await a.exit(0, {'out.txt': 'a'});
    await recorded(a);

    const second = project.run();
    const b = await train.nextInvocation({model: 'b'});
    await b.exit(0, {'out.txt': 'b'});
    expect(countsOf(await second.ended)).toEqual(counts({done: 2}));
    expect(train.invocations).toBe(2);
    expect(project.results('train').map(({record}) => record.attempt)).toEqual([1, 1]);
  });

  test('right after the attempt folder was made: that attempt never began', async () => {
    await using project = await newProject();
    const train = project.stage('train').answers({'out.txt': 'model'});
    project.pipeline();
    await project.run().ended;
    const {dir} = project.results('train')[0]!;
    const attempt = dir.replace('/results/', '/attempts/');
    rmSync(dir, {recursive: true});
    mkdirSync(join(attempt, '1/work'), {recursive: true});
    writeFileSync(join(attempt, '1/job.sh'), 'half');

    expect(countsOf(await project.run().ended)).toEqual(counts({done: 1}));
    expect(train.invocations).toBe(2);
    expect(project.attempts('train')).toEqual([]);
  });

  test('right after result.json was written: the rename is repeated', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']}).answers({'out.txt': 'model'});
    project.pipeline();
    await project.run().ended;
    const {dir} = project.results('train')[0]!;
    const attempt = dir.replace('/results/', '/attempts/');
    mkdirSync(attempt, {recursive: true});
    renameSync(dir, join(attempt, '1'));

    const second = await project.run().ended;
    expect(startedBy(second)).toEqual([]);
    expect(second.code).toBe(0);
    expect(train.invocations).toBe(1);
    expect(project.results('train').map((result) => result.dir)).toEqual([dir]);
    expect(startedBy(await project.run().ended)).toEqual([]);
  });

  test('right after the rename: the result is cached, whatever the ledger and the journal did not come to', async () => {
    await using project = await newProject();
    const train = project.stage('train').answers({'out.txt': 'model'});
    project.pipeline();
    await project.run().ended;
    const journals = join(project.root, 'runs/journal');
    const [name] = readdirSync(journals);
    const [journal] = project.journals();
    const told = journal!.slice(
      0,
      journal!.findIndex((line) => line.includes('"kind":"done"')),
    );
    writeFileSync(join(journals, name!), told.map((line) => `${line}\n`).join(''));
    rmSync(join(project.root, 'runs/ledger.json'));

    const second = await project.run().ended;
    expect([second.code, startedBy(second), countsOf(second)]).toEqual([0, [], counts({cached: 1})]);
    expect(train.invocations).toBe(1);
    expect((await project.ptb('store', 'verify').ended).code).toBe(0);
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"version":1,"phase":"run","endedBy":"itself","co'],
  ])('with an exit record that is %s: that is no success', async (_how, text) => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    await attempt.exit(0, {'out.txt': 'model'});
    await recorded(attempt);
    await quiet(project);
    writeFileSync(join(folderOf(attempt), 'exit.json'), text);

    const second = await project.run().ended;
    expect(second.code).toBe(1);
    expect(failuresOf(second, 'train')).toMatchObject([{class: 'lost'}]);
    expect(project.results('train')).toEqual([]);
  });

  test('a job.json that was cut off leaves nothing to adopt, and the attempt number is not used again', async () => {
    await using project = await newProject();
    const train = project.stage('train').answers({'out.txt': 'model'});
    project.pipeline();
    await project.run().ended;
    const {dir} = project.results('train')[0]!;
    const attempt = dir.replace('/results/', '/attempts/');
    rmSync(dir, {recursive: true});
    mkdirSync(join(attempt, '4'), {recursive: true});
    writeFileSync(join(attempt, '4/job.json'), '{"version": 1, "na');

    expect(countsOf(await project.run().ended)).toEqual(counts({done: 1}));
    expect(train.invocations).toBe(2);
    expect(project.results('train')[0]!.record.attempt).toBe(5);
  });

  test('only what is missing runs, in a half-done graph', async () => {
    await using project = await newProject();
    const fetch = project.stage('fetch', {for: ['model']}).answers({'out.txt': 'weights'});
    const train = project.stage('train', {for: ['model', 'hours'], needs: ['fetch']});
    project.pipeline({matrix: {model: ['a', 'b'], hours: [1, 2]}});
    const first = project.run();
    const done = await train.nextInvocation({model: 'a', hours: '1'});
    await done.exit(0, {'out.txt': 'model'});
    await first.event('done', 'train:model=a,hours=1');
    first.kill('SIGKILL');
    await first.ended;

    train.answers({'out.txt': 'model'});
    const second = project.run();
    // Those that were held when the controller died.
    const left = train.started.length - 1;
    for (let n = 0; n < left; n++) void (await train.nextInvocation()).exit(0, {'out.txt': 'model'});
    const ended = await second.ended;
    expect(countsOf(ended)).toEqual(counts({cached: 3, done: 3}));
    expect(fetch.invocations).toBe(2);
    expect([...train.started].sort()).toEqual([...new Set(train.started)].sort()); // no step twice
    expect(train.invocations).toBe(4);
  });
});

describe('a signal', () => {
  test('SIGTERM detaches at once: the job goes on, the next run adopts it', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']});
    project.pipeline({matrix: {model: ['a', 'b']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
    const first = project.run();
    const a = await train.nextInvocation();
    first.kill('SIGTERM');
    const ended = await first.ended;
    expect(ended.code).toBe(130);
    expect(eventsOf(ended, 'detaching')).toMatchObject([{running: 1}]);
    expect(countsOf(ended)).toEqual(counts({running: 1, waiting: 1}));
    expect(isRunning(a.pid)).toBe(true);

    const second = project.run();
    await second.event('adopted', 'train:model=a');
    await a.exit(0, {'out.txt': 'a'});
    await (await train.nextInvocation()).exit(0, {'out.txt': 'b'});
    expect((await second.ended).code).toBe(0);
    expect(train.invocations).toBe(2);
  });

  test('SIGHUP detaches too: a closed terminal ends no job', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGHUP');
    expect((await first.ended).code).toBe(130);
    expect(isRunning(attempt.pid)).toBe(true);
  });

  test('Ctrl-C once detaches after a moment, and says how to go on and how to stop', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.ptb('pipeline', 'run');
    const attempt = await train.nextInvocation();
    first.kill('SIGINT');
    const ended = await first.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('nothing new starts; 1 running job');
    expect(ended.stderr).toContain('ptb pipeline run');
    expect(ended.stderr).toContain('ptb pipeline stop');
    expect(isRunning(attempt.pid)).toBe(true);

    const second = project.run();
    await second.event('adopted');
    await attempt.exit(0, {'out.txt': 'model'});
    expect((await second.ended).code).toBe(0);
    expect(train.invocations).toBe(1);
  });

  test('a job that ends in that moment is still settled, and nothing new starts', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    const judge = project.stage('judge', {needs: ['train']}).answers({'out.txt': '1'});
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    first.kill('SIGINT');
    await first.event('detaching');
    await attempt.exit(0, {'out.txt': 'model'});
    expect((await first.ended).code).toBe(130);
    expect(project.results('train')).toHaveLength(1);
    expect(judge.invocations).toBe(0);
  });

  test('Ctrl-C twice ends the jobs: TERM, then KILL for one that does not heed it', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model'], resources: {grace: '0.5s'}});
    project.pipeline({matrix: {model: ['a', 'b']}});
    const first = project.run();
    const heeds = await train.nextInvocation({model: 'a'});
    const ignores = (await train.nextInvocation({model: 'b'})).ignore('SIGTERM');
    await ignores.print('ready');
    first.kill('SIGINT');
    await first.event('detaching');
    first.kill('SIGINT');
    await ignores.signalled('SIGTERM');
    const ended = await first.ended;
    expect(ended.code).toBe(130);
    expect(eventsOf(ended, 'stopping')).toMatchObject([{running: 2}]);
    await Promise.all([heeds.gone, ignores.gone]);
    await quiet(project);

    // Stopped by the user is no failure of the step: it runs again.
    train.answers({'out.txt': 'model'});
    expect(countsOf(await project.run().ended)).toEqual(counts({done: 2}));
  });
});

describe('ptb pipeline stop', () => {
  test('ends the jobs of a run, the controller leaves, results stay', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model'], resources: {grace: '0.5s'}});
    project.pipeline({matrix: {model: ['a', 'b', 'c']}, executor: {use: 'local', cpus: 2, memory: '64GB'}});
    const run = project.run();
    await (await train.nextInvocation({model: 'a'})).exit(0, {'out.txt': 'a'});
    await run.event('done', 'train:model=a');
    await train.nextInvocation({model: 'b'});
    await train.nextInvocation({model: 'c'});
    const stop = await project.ptb('pipeline', 'stop').ended;
    expect([stop.code, stop.stdout, stop.stderr]).toEqual([0, '2 jobs stopped\n', '']);
    expect((await run.ended).code).toBe(130);
    await quiet(project);
    expect(project.results('train')).toHaveLength(1);
    expect(train.invocations).toBe(3);

    train.answers({'out.txt': 'model'});
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 1, done: 2}));
  });

  test('ends jobs that no controller watches, daemons included, and only those of this project', async () => {
    await using project = await newProject();
    await using other = await newProject();
    const train = project.stage('train', {resources: {grace: '0.5s'}});
    const elsewhere = other.stage('train');
    project.stage('daemon', {run: ['bash', 'daemon.sh'], resources: {grace: '0.5s'}});
    project.write({
      'stages/daemon/daemon.sh':
        'trap "" TERM; setsid -f bash -c \'trap "" TERM; cd /; >"$PTB_OUT/up"; sleep 1000\'; sleep 1000',
    });
    project.pipeline();
    other.pipeline();
    const [mine, theirs] = [project.run(), other.run()];
    const attempt = await train.nextInvocation();
    const bystander = await elsewhere.nextInvocation();
    await until(() => project.attempts('daemon').some((dir) => existsSync(join(dir, 'made/up'))), 'the daemon is up');
    mine.kill('SIGKILL');
    theirs.kill('SIGKILL');
    await mine.ended;

    const stop = await project.ptb('pipeline', 'stop').ended;
    expect(stop.stdout).toBe('2 jobs stopped\n');
    await attempt.gone;
    await quiet(project);
    expect(isRunning(bystander.pid)).toBe(true);
  });

  test('with nothing to stop is no error', async () => {
    await using project = await newProject();
    project.stage('train');
    project.pipeline();
    expect(await project.ptb('pipeline', 'stop').ended).toMatchObject({code: 0, stdout: '0 jobs stopped\n'});
  });
});

describe('a second run', () => {
  test('watches the first instead of starting anything, and ends as it ends', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    const second = project.run();
    await second.says(`process ${first.pid} `);
    await second.event('submitted', 'train');
    await attempt.exit(0, {'out.txt': 'model'});
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect(train.invocations).toBe(1);
  });

  test('takes over when the first dies', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    project.pipeline();
    const first = project.run();
    const attempt = await train.nextInvocation();
    const second = project.run();
    await second.event('submitted', 'train');
    first.kill('SIGKILL');
    await second.event('adopted', 'train');
    await attempt.exit(0, {'out.txt': 'model'});
    expect((await second.ended).code).toBe(0);
    expect(train.invocations).toBe(1);
  });

  test.each([
    ['of an earlier boot', {pid: 1, start: '1', boot: 'another-boot'}],
    ['of a dead process', {pid: 4_194_000, start: '1'}],
    ["of a process whose pid is another one's now", {pid: process.pid, start: '1'}],
    ['that was cut off', undefined],
  ])('takes over a lock %s', async (_whose, owner) => {
    await using project = await newProject();
    project.stage('train').answers({'out.txt': 'model'});
    project.pipeline();
    const {hostname} = await import('node:os');
    const {bootId} = await import('../../src/executor/process.js');
    const lock = {boot: bootId(), host: hostname(), since: '2026-01-01T00:00:00.000Z', journal: '', ...owner};
    project.write({'runs/controller.json': owner ? JSON.stringify(lock) : '{"pid": 1'});
    expect((await project.run().ended).code).toBe(0);
    expect(project.has('runs/controller.json')).toBe(false);
  });
});

test('a half-finished run: status and table say what is there, and why the rest is not', async () => {
  await using project = await newProject();
  const train = project.stage('post-train', {for: ['agent', 'benchmark']}).answers({'out.txt': 'model'});
  project
    .stage('audit', {for: ['agent', 'benchmark'], needs: ['post-train'], outputs: {audit: 'audit.json'}})
    .answers(({step}) => ({
      'audit.json': JSON.stringify({
        flagged: step.axes.agent === 'cheat',
        flags: ['test-data'],
        findings: step.axes.agent === 'cheat' ? [{flag: 'test-data', summary: 'holds 3 test items'}] : [],
      }),
    }));
  const evaluate = project.stage('evaluate', {
    for: ['agent', 'benchmark'],
    needs: ['post-train'],
    outputs: {metrics: 'metrics.json'},
  });
  project
    .stage('baseline', {for: ['benchmark'], outputs: {base: 'base.json', instruct: 'instruct.json'}})
    .answers({'base.json': '{"accuracy": 0.1}', 'instruct.json': '{"accuracy": 0.6}'});
  project.pipeline({matrix: {agent: ['good', 'cheat', 'late', 'broken'], benchmark: ['math']}});
  train.answers(({step}) => (step.axes.agent === 'broken' ? {code: 9} : {'out.txt': 'model'}));

  const run = project.run();
  await (await evaluate.nextInvocation({agent: 'good'})).exit(0, {'metrics.json': '{"accuracy": 0.5}'});
  await (await evaluate.nextInvocation({agent: 'cheat'})).exit(0, {'metrics.json': '{"accuracy": 0.9}'});
  const late = await evaluate.nextInvocation({agent: 'late'});
  for (const step of [
    'evaluate:agent=good',
    'evaluate:agent=cheat',
    'baseline',
    'audit:agent=good',
    'audit:agent=cheat',
  ])
    await run.event('done', step);
  await run.event('failed', 'post-train:agent=broken');

  const status = new Map((await project.status()).map((step) => [step.id, step]));
  expect(status.get('evaluate:agent=late,benchmark=math')).toMatchObject({state: 'running', attempt: 1});
  expect(status.get('evaluate:agent=late,benchmark=math')!.seconds).toBeGreaterThan(0);
  expect(status.get('evaluate:agent=good,benchmark=math')).toMatchObject({state: 'done'});
  expect(status.get('post-train:agent=broken,benchmark=math')).toMatchObject({state: 'failed', because: 'exit 9'});
  expect(status.get('evaluate:agent=broken,benchmark=math')).toMatchObject({state: 'blocked'});

  const table = await project.ptb('table', '--format', 'json').ended;
  expect(table.code).toBe(0);
  const {cells} = JSON.parse(table.stdout) as {cells: object[]};
  expect(cells).toMatchObject([
    {agent: 'good', score: 0.5, kind: 'measured'},
    {agent: 'cheat', raw: 0.9, score: 0.1, kind: 'substituted', because: ['flagged test-data: holds 3 test items']},
    {agent: 'late', score: null, kind: 'absent'},
    {agent: 'broken', raw: null, score: 0.1, kind: 'substituted'},
  ]);
  await late.exit(0, {'metrics.json': '{"accuracy": 0.2}'});
  expect((await run.ended).code).toBe(1);
  const text = await project.ptb('table').ended;
  expect(text.stdout).toContain('0.2000');
  expect(becauseOf(await run.ended, 'evaluate:agent=late,benchmark=math')).toEqual({kind: 'never-ran'});
});
