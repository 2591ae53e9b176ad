import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

const reasons = async (project: Project, ...flags: string[]): Promise<unknown> =>
  (await project.plan(...flags)).map(({because}) => because);

/** One stage whose field `settings.size` every profile sets anew. */
async function withProfiles(): Promise<Project> {
  const project = await newProject();
  project.stage('train', {fields: ['settings.size']}).answers({'out.txt': 'model'});
  project.pipeline({
    settings: {size: 1},
    profiles: {small: {name: 'rig-small', settings: {size: 2}}, larger: {settings: {size: 3}}},
  });
  return project;
}

test('a pipeline of another name in the same runs/ is no past of this one', async () => {
  await using project = await withProfiles();
  expect((await project.run('--profile', 'small').ended).code).toBe(0);
  expect(project.results('train')[0]!.record.pipeline).toBe('rig-small');
  expect(await reasons(project)).toEqual(['never ran']);

  await project.run().ended;
  expect(await reasons(project, '--profile', 'small', '--set', 'settings.size=4')).toEqual([
    'changed: fields.settings.size',
  ]);
});

test('a profile that keeps the name shares the past', async () => {
  await using project = await withProfiles();
  await project.run().ended;
  expect(await reasons(project, '--profile', 'larger')).toEqual(['changed: fields.settings.size']);
});

test('the same key is the same result, whatever the pipeline is called', async () => {
  await using project = await withProfiles();
  await project.run('--profile', 'small').ended;
  expect(await reasons(project, '--set', 'settings.size=2')).toEqual(['cached']);
});

test('a result without a pipeline, of an earlier version, is the past of any', async () => {
  await using project = await withProfiles();
  await project.run('--profile', 'small').ended;
  const {dir, record} = project.results('train')[0]!;
  const {pipeline: _, ...earlier} = record;
  project.write({
    [`${dir.slice(project.root.length + 1)}/result.json`]: JSON.stringify(earlier),
    'runs/ledger.json': '',
  });
  expect(await reasons(project)).toEqual(['changed: fields.settings.size']);
});
