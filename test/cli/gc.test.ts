import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

async function gc(project: Project, ...flags: string[]): Promise<string> {
  const {code, stdout, stderr} = await project.ptb('store', 'gc', ...flags).ended;
  const plain = `exit ${code}\n${stdout}${stderr}`
    .replaceAll(/-[0-9a-f]{12}\b/g, '-KEY')
    .replaceAll(/ *\d+\.?\d* k?B/g, ' SIZE');
  return `\n${plain}`;
}

/** Two models; then an edit, after which only train:model=b has run again. */
async function edited(): Promise<Project> {
  const project = await newProject();
  project.stage('train', {for: ['model'], reads: ['prompt.txt']}).answers({'out.txt': 'model'});
  project.write({'prompt.txt': 'please'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  await project.run().ended;
  project.write({'prompt.txt': 'now'});
  await project.run('--only', 'model=b').ended;
  return project;
}

test('what is under an old key is listed, and goes when that is asked for', async () => {
  await using project = await edited();
  expect(await gc(project)).toMatchInlineSnapshot(`
    "
    exit 0
     SIZE  runs/results/train/a-KEY
              result of train:model=a under a key that it no longer has
     SIZE  runs/results/train/b-KEY
              result of train:model=b under a key that it no longer has
    2 folders, SIZE; nothing was deleted: that takes --delete
    "
  `);
  expect(project.results('train')).toHaveLength(3);
  expect(await gc(project, '--older-than', '1h')).toBe('\nexit 0\nnothing to collect\n');
  expect(await gc(project, '--delete')).toContain('deleted 2 folders');
  expect(project.results('train').map(({record}) => record.step)).toEqual(['train:model=b']);
  expect(project.has('runs/trash')).toBe(false);
  expect((await project.plan()).map(({verdict}) => verdict)).toEqual(['run', 'cached']);
});

test('what a profile or an acceptance reaches stays, and what another pipeline made', async () => {
  await using project = await newProject();
  project.stage('train', {fields: ['settings.size'], reads: ['prompt.txt']}).answers({'out.txt': 'model'});
  project.write({'prompt.txt': 'please'});
  const settings = {settings: {size: 1}, profiles: {large: {settings: {size: 2}}}};
  project.pipeline(settings);
  await project.run().ended;
  await project.run('--profile', 'large').ended;
  await project.run('--set', 'name=other', '--set', 'settings.size=3').ended;
  expect(await gc(project)).toBe('\nexit 0\nnothing to collect\n');

  project.write({'prompt.txt': 'please!'});
  await project.ptb('step', 'accept', 'train', '--because', 'same').ended;
  expect(await gc(project)).toContain('\n1 folder, SIZE; nothing was deleted: that takes --delete\n');
  expect(await gc(project, '--delete')).toContain('deleted 1 folder');
  expect((await project.plan()).map(({because}) => because)).toEqual(['cached (accepted: same)']);
});

test('results of a step that waits for its key stay: they may be the ones', async () => {
  await using project = await newProject();
  project.stage('fetch', {reads: ['list.txt']}).answers({'out.txt': 'weights'});
  project.stage('train', {needs: ['fetch']}).answers({'out.txt': 'model'});
  project.write({'list.txt': 'one'});
  project.pipeline();
  await project.run().ended;
  project.write({'list.txt': 'two'});
  expect(await gc(project, '--delete')).toContain('deleted 1 folder');
  expect(project.results('train')).toHaveLength(1);
});

test('failed attempts stay as long as their key does; replaced results go', async () => {
  await using project = await newProject();
  const train = project.stage('train', {reads: ['prompt.txt']}).answers(() => ({code: 1}));
  project.write({'prompt.txt': 'please'});
  project.pipeline();
  await project.run().ended;
  expect(await gc(project)).toBe('\nexit 0\nnothing to collect\n');
  project.write({'prompt.txt': 'now'});
  train.answers({'out.txt': 'model'});
  await project.run().ended;
  await project.run('--rerun', 'train').ended;
  const listed = await gc(project);
  expect(listed).toContain('runs/attempts/train/all-KEY/2.replaces-1\n          result that a later one replaced\n');
  expect(listed).toContain('/1\n          failed attempt at train under a key that it no longer has\n');
  expect(await gc(project, '--delete')).toContain('deleted 2 folders');
  expect(project.attempts('train')).toEqual([]);
});

test('nothing is touched while a controller lives, nor an attempt that it left', async () => {
  await using project = await newProject();
  const train = project.stage('train', {reads: ['prompt.txt']});
  project.write({'prompt.txt': 'please'});
  project.pipeline();
  const run = project.run();
  const one = await train.nextInvocation();
  expect((await gc(project, '--delete')).replace(/process \d+ on \S+/, 'process PID')).toBe(
    '\nexit 1\nprocess PID runs this project; collect garbage when it has ended\n',
  );
  run.kill('SIGTERM');
  await run.ended;
  project.write({'prompt.txt': 'now'});
  expect(await gc(project, '--delete')).toBe('\nexit 0\nnothing to collect\n');
  await one.exit(0, {'out.txt': 'model'});
});

test('a time that is none', async () => {
  await using project = await newProject();
  expect(await gc(project, '--older-than', 'week')).toBe(
    '\nexit 2\n--older-than cannot be "week"; write it like 7d, 12h or 30m\n',
  );
});
