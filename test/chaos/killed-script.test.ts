import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {isRunning, processesBelow} from '../rig/processes.js';
import {newProject} from '../rig/project.js';
import {until} from '../rig/until.js';

const scriptOf = (attempt: string): number =>
  Number(readFileSync(join(attempt, 'claimed/owner'), 'utf8').split(' ')[0]);

test.each([
  ['while its controller lives', false],
  ['with its controller', true],
])('a job whose script alone is killed %s: its command is ended before it is tried again', async (_when, both) => {
  await using project = await newProject();
  const train = project.stage('train', {retry: {on: ['lost'], times: 1}});
  project.pipeline();

  const first = project.run();
  const orphan = await train.nextInvocation();
  if (both) first.kill('SIGKILL');
  process.kill(scriptOf(project.attempts('train')[0]!), 'SIGKILL');
  if (both) await first.ended;
  const last = both ? project.run() : first;

  const again = await train.nextInvocation();
  expect(isRunning(orphan.pid)).toBe(false);
  await again.exit(0, {'out.txt': 'model'});
  const {code, events} = await last.ended;
  expect(code).toBe(0);
  expect(events.find(({event}) => event === 'failed')).toMatchObject({failure: {class: 'lost'}, again: true});
  expect(train.invocations).toBe(2);
});

test('a job whose script alone is killed while nobody looks ends by itself', async () => {
  await using project = await newProject();
  const train = project.stage('train');
  project.pipeline();
  const run = project.run();
  const orphan = await train.nextInvocation();
  run.kill('SIGKILL');
  await run.ended;
  process.kill(scriptOf(project.attempts('train')[0]!), 'SIGKILL');
  await orphan.gone;
  await until(() => processesBelow(join(project.root, 'runs')).length === 0, 'nothing of the job is left');
});

test('adopted jobs hold their slots', async () => {
  await using project = await newProject();
  const train = project.stage('train', {for: ['model'], resources: {cpus: 1}});
  project.pipeline({matrix: {model: ['a', 'b', 'c', 'd']}, executor: {use: 'local', cpus: 2, memory: '64GB'}});
  const first = project.run();
  const jobs = [await train.nextInvocation(), await train.nextInvocation()];
  first.kill('SIGKILL');
  await first.ended;

  const second = project.run();
  await second.event('adopted', jobs[1]!.step.id);
  await sleep(700); // long enough for a job that is started at once
  expect(train.invocations).toBe(2);
  await jobs[0]!.exit(0, {'out.txt': ''});
  const third = await train.nextInvocation();
  expect(train.invocations).toBe(3);
  await jobs[1]!.exit(0, {'out.txt': ''});
  const fourth = await train.nextInvocation();
  await Promise.all([third, fourth].map((job) => job.exit(0, {'out.txt': ''})));
  expect((await second.ended).code).toBe(0);
});
