import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {startedBy} from '../rig/look.js';
import {newProject} from '../rig/project.js';

test('what says how to reach the network is passed on, out of every file and key', async () => {
  await using project = await newProject();
  project.env.HTTPS_PROXY = 'http://user:s3cr3t@proxy';
  const train = project.stage('train', {sandbox: {pass: ['HTTPS_PROXY', 'NO_PROXY']}});
  project.pipeline();
  const run = project.run();
  const attempt = await train.nextInvocation();
  expect(attempt.env).toMatchObject({HTTPS_PROXY: 'http://user:s3cr3t@proxy'});
  expect(attempt.env).not.toHaveProperty('NO_PROXY');
  expect(readFileSync(join(attempt.cwd, '../job.sh'), 'utf8')).not.toContain('s3cr3t');
  await attempt.exit(0, {'out.txt': 'x'});
  await run.ended;
  project.env.HTTPS_PROXY = 'http://another';
  expect(startedBy(await project.run().ended)).toEqual([]);
});

test('stages that name the same cache share a folder that outlives their attempts', async () => {
  await using project = await newProject();
  const one = project.stage('one', {cache: 'hub'});
  const two = project.stage('two', {cache: 'hub', needs: ['one']});
  const none = project.stage('none', {needs: ['two']});
  project.pipeline();
  const run = project.run();
  const first = await one.nextInvocation();
  writeFileSync(join(first.env.PTB_CACHE!, 'half'), 'of a file');
  await first.exit(0, {'out.txt': '1'});
  const second = await two.nextInvocation();
  expect(readFileSync(join(second.env.PTB_CACHE!, 'half'), 'utf8')).toBe('of a file');
  await second.exit(0, {'out.txt': '2'});
  const third = await none.nextInvocation();
  expect(third.env).not.toHaveProperty('PTB_CACHE');
  await third.exit(0, {'out.txt': '3'});
  expect((await run.ended).code).toBe(0);
  expect(project.read('runs/cache/hub/half')).toBe('of a file');
});

test('a folder of the machine is shown under a name, and where it lies changes no key', async () => {
  await using project = await newProject();
  const at = (name: string): string => join(project.root, name);
  for (const name of ['here', 'there']) mkdirSync(at(name));
  writeFileSync(join(at('here'), 'file'), 'content');
  const train = project.stage('train', {
    sandbox: {expose: {data: '${{ settings.data? }}', more: '${{ settings.no? }}'}},
  });
  project.pipeline({settings: {data: at('here')}});
  const run = project.run();
  const attempt = await train.nextInvocation();
  expect(readFileSync(join(attempt.env.PTB_EXPOSE_DATA!, 'file'), 'utf8')).toBe('content');
  expect(attempt.env).not.toHaveProperty('PTB_EXPOSE_MORE');
  await attempt.exit(0, {'out.txt': 'x'});
  await run.ended;
  expect(statSync(join(at('here'), 'file')).size).toBe(7);
  project.pipeline({settings: {data: at('there')}});
  expect(startedBy(await project.run().ended)).toEqual([]);
  project.pipeline({settings: {data: 'not/absolute'}});
  const {code, stderr} = await project.run().ended;
  expect(code).toBe(2);
  expect(stderr).toContain('sandbox.expose.data cannot be "not/absolute"');
});
