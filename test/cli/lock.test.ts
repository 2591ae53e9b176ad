import {parse} from 'yaml';
import {expect, test} from 'vitest';
import {startedBy} from '../rig/look.js';
import {newProject, type Project} from '../rig/project.js';
import type {HeldStage} from '../rig/held.js';

const LOCK = 'pipeline.lock.yaml';

/** A stage that pins a model by its base, and takes it at `newest` where it is told no version. */
async function pinning(newest: () => string): Promise<{project: Project; fetch: HeldStage}> {
  const project = await newProject();
  const fetch = project
    .stage('fetch', {
      for: ['model'],
      fields: ['model.base'],
      pins: ['models/${{ model.base }}'],
      outputs: {out: 'out.txt', pins: {path: 'pins.json', optional: true}},
    })
    .answers(({env}) => {
      const name = `models/${env.PTB_MODEL_BASE!}`;
      const pins = JSON.parse(env.PTB_PINS!) as Record<string, string | undefined>;
      const version = pins[name] ?? newest();
      return {'out.txt': version, 'pins.json': JSON.stringify({[name]: version})};
    });
  project.stage('train', {for: ['model'], needs: ['fetch']}).answers({'out.txt': 'trained'});
  project.pipeline({matrix: {model: ['a', 'b']}, catalog: {model: {a: {base: 'org/a'}, b: {base: 'org/b'}}}});
  return {project, fetch};
}

const pinsIn = (project: Project): unknown => (parse(project.read(LOCK)) as {pins: unknown}).pins;

test('what was used is written down once, and nothing runs again for it', async () => {
  const {project} = await pinning(() => 'c1');
  await using _ = project;
  const {stderr} = await project.ptb('pipeline', 'run').ended;
  expect(stderr).toContain('2 names not locked: `ptb lock`');
  const locked = await project.ptb('lock').ended;
  expect(locked).toMatchObject({code: 0, stdout: 'models/org/a c1\nmodels/org/b c1\n'});
  expect(locked.stderr).toBe('pipeline.lock.yaml: 2 names written; commit it\n');
  expect(pinsIn(project)).toEqual({'models/org/a': 'c1', 'models/org/b': 'c1'});

  const again = await project.ptb('pipeline', 'run').ended;
  expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('not locked')]);
  expect(startedBy(await project.run().ended)).toEqual([]);
  expect((await project.ptb('lock').ended).stderr).toBe('pipeline.lock.yaml: nothing new\n');
});

test('with the lock alone, a year later, the same versions are taken', async () => {
  let newest = 'c1';
  const {project} = await pinning(() => newest);
  await using _ = project;
  project.write({[LOCK]: 'version: 1\npins: {models/org/a: c0}\n'});
  newest = 'c9';
  expect((await project.run().ended).code).toBe(0);
  await project.ptb('lock').ended;
  expect(pinsIn(project)).toEqual({'models/org/a': 'c0', 'models/org/b': 'c9'});
});

test('another version in the lock is fetched, and what depends on it runs again', async () => {
  const {project} = await pinning(() => 'c1');
  await using _ = project;
  await project.run().ended;
  project.write({[LOCK]: 'version: 1\npins: {models/org/a: c2, models/org/b: c1}\n'});
  const {code, stdout} = await project.ptb('why', 'fetch:model=a').ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('pins: the version that the lock sets')]);
  expect(startedBy(await project.run().ended)).toEqual(['fetch:model=a', 'train:model=a']);
});

test('garbage collection keeps the result that the lock was written from', async () => {
  const {project} = await pinning(() => 'c1');
  await using _ = project;
  await project.run().ended;
  await project.ptb('lock').ended;
  expect((await project.ptb('store', 'gc').ended).stdout).toBe('nothing to collect\n');
});

test('names that no step has used yet are said', async () => {
  const {project} = await pinning(() => 'c1');
  await using _ = project;
  await project.run('--only', 'model=a').ended;
  const {stdout, stderr} = await project.ptb('lock').ended;
  expect(stdout).toBe('models/org/a c1\n');
  expect(stderr).toContain('not used yet, so without a version: models/org/b\n');
});

test('a broken lock is shown with its place, and a stage that pins must say what came', async () => {
  const {project} = await pinning(() => 'c1');
  await using _ = project;
  project.write({[LOCK]: 'version: 1\npins:\n  models/org/a: [c1]\n'});
  const broken = await project.run().ended;
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain('pipeline.lock.yaml:3:');
  project.write({[LOCK]: 'version: 1\npins: {}\n'});
  project.stage('fetch', {pins: ['x']});
  const {stderr} = await project.run().ended;
  expect(stderr).toContain('stage "fetch" pins names and has no output pins.json');
});
