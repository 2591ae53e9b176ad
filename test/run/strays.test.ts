import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {sha256} from '../../src/base/canonical.js';
import {counts, countsOf, eventsOf, startedBy} from '../rig/look.js';
import {isRunning} from '../rig/processes.js';
import {newProject, type Project} from '../rig/project.js';

/** Anything in a stage's folder but prose and tests belongs to its key. */
const edit = (project: Project, stage: string, text: string): void =>
  project.write({[`stages/${stage}/settings.txt`]: text});

describe('a job whose step got another key while it ran', () => {
  test('is waited for, and said so; then the step runs, and both results are kept', async () => {
    await using project = await newProject();
    const train = project.stage('train');
    edit(project, 'train', 'before');
    project.pipeline();
    const first = project.run();
    const old = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    edit(project, 'train', 'after');

    const status = await project.ptb('pipeline', 'status').ended;
    expect(status.stdout).toMatch(/waiting.*train.*is running under a key that no longer holds/);

    const second = project.ptb('pipeline', 'run');
    await second.says('wait    train: its job ptb-train-');
    await second.says('changed: files.stages/train/settings.txt');
    await second.says('--rerun train');
    expect(train.invocations).toBe(1);
    await old.exit(0, {'out.txt': 'of the old key'});
    await (await train.nextInvocation()).exit(0, {'out.txt': 'of the new key'});
    const ended = await second.ended;
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('kept    train');
    expect(project.results('train')).toHaveLength(2);
    expect((await project.ptb('store', 'verify').ended).code).toBe(0);

    edit(project, 'train', 'before');
    expect(countsOf(await project.run().ended)).toEqual(counts({cached: 1}));
    expect(train.invocations).toBe(2);
  });

  test('is ended where --rerun asks for the step, which then starts', async () => {
    await using project = await newProject();
    const train = project.stage('train', {resources: {grace: '0.5s'}});
    project.pipeline();
    const first = project.run();
    const old = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    edit(project, 'train', 'after');

    const second = project.run('--rerun', 'train');
    await second.event('ending', 'train');
    await old.gone;
    await (await train.nextInvocation()).exit(0, {'out.txt': 'new'});
    const ended = await second.ended;
    expect(countsOf(ended)).toEqual(counts({done: 1}));
    expect(eventsOf(ended, 'stray-failed', 'train')).toMatchObject([{attempt: 1, failure: {class: 'stopped'}}]);
  });

  test('keeps its slots', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']});
    project.pipeline({matrix: {model: ['a']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});
    const first = project.run();
    const old = await train.nextInvocation();
    first.kill('SIGKILL');
    await first.ended;
    project.pipeline({matrix: {model: ['b']}, executor: {use: 'local', cpus: 1, memory: '64GB'}});

    const second = project.run();
    await second.event('begin');
    // Far longer than a start takes: nothing else tells that something does not happen.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(train.invocations).toBe(1);
    await old.exit(0, {'out.txt': 'a'});
    await (await train.nextInvocation({model: 'b'})).exit(0, {'out.txt': 'b'});
    const ended = await second.ended;
    expect(countsOf(ended)).toEqual(counts({done: 1}));
    expect(eventsOf(ended, 'stray-done', 'train:model=a')).toHaveLength(1);
  });

  test('that was made and never started is discarded, and kept as evidence', async () => {
    await using project = await newProject();
    const train = project.stage('train', {for: ['model']});
    const settings = {matrix: {model: ['a', 'b']}, executor: {use: 'local', cpus: 1, memory: '64GB'}};
    project.pipeline(settings);
    const first = project.run();
    const a = await train.nextInvocation({model: 'a'});
    first.kill('SIGKILL'); // `b` has its job.json, and waits for room
    await first.ended;
    await a.exit(0, {'out.txt': 'a'});
    edit(project, 'train', 'after');

    train.answers({'out.txt': 'new'});
    const second = await project.run().ended;
    expect(countsOf(second)).toEqual(counts({done: 2}));
    expect(train.invocations).toBe(3);
    const [discarded] = project.attempts('train');
    expect(JSON.parse(readFileSync(join(discarded!, 'failed.json'), 'utf8'))).toMatchObject({class: 'stopped'});
  });
});

test('a job of a step that left the matrix goes on: the run names it and ends, a later one keeps its result', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']});
  project.pipeline({matrix: {model: ['a', 'b']}});
  const first = project.run();
  const a = await train.nextInvocation({model: 'a'});
  await (await train.nextInvocation({model: 'b'})).exit(0, {'out.txt': 'b'});
  await first.event('done', 'train:model=b');
  first.kill('SIGKILL');
  await first.ended;
  project.pipeline({matrix: {model: ['b']}});

  const second = await project.ptb('pipeline', 'run').ended;
  expect(second.code).toBe(0);
  expect(second.stderr).toContain('1 job goes on that no step of this run asks for');
  expect(second.stderr).toContain('train:model=a (ptb-train-');
  expect(isRunning(a.pid)).toBe(true);
  const status = await project.ptb('pipeline', 'status').ended;
  expect(status.stdout).toMatch(/beside.*train:model=a.*is running under a key that the pipeline does not have/);

  await a.exit(0, {'out.txt': 'a'});
  const third = await project.run().ended;
  expect(eventsOf(third, 'stray-done', 'train:model=a')).toHaveLength(1);
  project.pipeline({matrix: {model: ['a', 'b']}});
  expect(countsOf(await project.run().ended)).toEqual(counts({cached: 2}));
});

test('a job whose upstream runs again is taken up once its key is known, though it ended before', async () => {
  await using project = await newProject();
  const fetch = project.stage('fetch').answers({'out.txt': 'weights'});
  const train = project.stage('train', {needs: ['fetch']});
  project.pipeline();
  const first = project.run();
  const attempt = await train.nextInvocation();
  first.kill('SIGKILL');
  await first.ended;
  rmSync(project.results('fetch')[0]!.dir, {recursive: true});
  fetch.holds();

  const second = project.run();
  const again = await fetch.nextInvocation();
  await attempt.exit(0, {'out.txt': 'model'});
  await second.event('stray-done', 'train');
  await again.exit(0, {'out.txt': 'weights'});
  expect(countsOf(await second.ended)).toEqual(counts({cached: 1, done: 1}));
  expect(train.invocations).toBe(1);
});

describe('the journal has the digests of every result', () => {
  /** Output, digest and manifest of a result, all edited so that they agree. */
  const forge = (dir: string): void => {
    const record = readFileSync(join(dir, 'result.json'), 'utf8');
    const {outputs} = JSON.parse(record) as {outputs: Record<string, {digest: string}>};
    writeFileSync(join(dir, 'out/out.txt'), 'forged');
    const digest = sha256(`file - ${sha256('forged')} ""\n`);
    writeFileSync(join(dir, 'result.json'), record.replace(outputs['out.txt']!.digest, digest));
  };

  test.each([
    ['before the rename', /"kind":"end"/],
    ['before anything was told of', /"kind":"(done|end)"/],
  ])('of one whose controller was killed %s', async (_when, lost) => {
    await using project = await newProject();
    project.stage('train').answers({'out.txt': 'model'});
    project.pipeline();
    await project.run().ended;
    const {dir} = project.results('train')[0]!;
    const [journal] = project.journals();
    const [name] = readdirSync(join(project.root, 'runs/journal'));
    const kept = journal!.filter((line) => !lost.test(line)).map((line) => `${line}\n`);
    project.write({[`runs/journal/${name!}`]: kept.join('')});
    const attempt = dir.replace('/results/', '/attempts/');
    mkdirSync(attempt, {recursive: true});
    renameSync(dir, join(attempt, '1'));

    const second = await project.run().ended;
    expect([second.code, startedBy(second)]).toEqual([0, []]);
    expect((await project.ptb('store', 'verify').ended).code).toBe(0);
    forge(dir);
    const verified = await project.ptb('store', 'verify').ended;
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain('not those that the journal has');
  });
});

test('a resumed run of 60 steps starts its first missing step within 1 s', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model']});
  project.pipeline({
    matrix: {model: Array.from({length: 60}, (_, n) => `m${n}`)},
    executor: {use: 'local', cpus: 2, memory: '64GB'},
  });
  const first = project.run();
  train.answers({'out.txt': 'model'});
  await first.event('done', 'train:model=m20');
  train.holds();
  // Two hold their slots, a third has its job.json and waits for room.
  const held = [await train.nextInvocation(), await train.nextInvocation()];
  first.kill('SIGKILL');
  await first.ended;
  for (const one of held) await one.exit(0, {'out.txt': 'model'});
  const isMade = (dir: string): boolean => existsSync(join(dir, 'job.json')) && !existsSync(join(dir, 'claimed/owner'));
  expect(project.attempts('train').filter(isMade)).toHaveLength(1);

  const began = performance.now();
  const second = project.run();
  await train.nextInvocation();
  const ms = performance.now() - began;
  const submitted = await second.event('submitted');
  expect(submitted.because).toMatchObject({kind: 'unsettled'});
  const lines = project
    .journals()
    .at(-1)!
    .map((line) => JSON.parse(line) as {kind: string; time: string});
  const at = (kind: string): number => Date.parse(lines.find((line) => line.kind === kind)!.time);
  console.log(
    `resumed: the command of the first missing step is up ${Math.round(ms)} ms after the call, ` +
      `submitted ${at('submitted') - at('begin')} ms after the run began`,
  );
  expect(at('submitted') - at('begin')).toBeLessThan(1000);
});
