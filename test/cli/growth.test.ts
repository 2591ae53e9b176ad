import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

async function plan(project: Project, ...flags: string[]): Promise<string> {
  const {code, stdout, stderr} = await project.ptb('pipeline', 'plan', ...flags).ended;
  return `\n${`exit ${code}\n${stdout}${stderr}`.replace(/┌[^]*┘\n/, '')}`;
}

/** One baseline for all, a training for each of 2 models × 2 replicates; all has run. */
async function ran(): Promise<Project> {
  const project = await newProject();
  project.stage('fetch').answers({'out.txt': 'weights'});
  project.stage('train', {for: ['model', 'replicate'], needs: ['fetch']}).answers({'out.txt': 'model'});
  project.pipeline({matrix: {model: ['a', 'b'], replicate: [1, 2]}});
  expect((await project.run().ended).code).toBe(0);
  return project;
}

test('where all has run nothing has grown', async () => {
  await using project = await ran();
  expect(await plan(project)).toMatchInlineSnapshot(`
    "
    exit 0
    4 cells, 5 steps, 5 cached
    cost at most: 0.0 GPU-hours (no GPU needed), money $0
    "
  `);
});

test('a larger matrix says what is new and what is reused', async () => {
  await using project = await ran();
  project.pipeline({matrix: {model: ['a', 'b'], replicate: [1, 2, 3, 4]}});
  expect(await plan(project)).toMatchInlineSnapshot(`
    "
    exit 0
    8 cells, 9 steps, 5 cached
    +4 cells, 4 reused
    cost at most: 0.0 GPU-hours (no GPU needed), money $0
      4 × never ran
    "
  `);
  expect((await project.run('--only', 'replicate=3').ended).code).toBe(0);
  expect(await plan(project)).toContain('\n+2 cells, 6 reused\n');
  const {stdout} = await project.ptb('pipeline', 'plan', '--json').ended;
  expect(JSON.parse(stdout)).toMatchObject({growth: {new_cells: 2, reused_cells: 6}, orphans: []});
});

test('an edit makes reused cells fewer, not new', async () => {
  await using project = await ran();
  project.write({'stages/train/more.sh': 'true'});
  expect(await plan(project)).not.toContain('reused');
});

test('what left the matrix is listed and stays', async () => {
  await using project = await ran();
  project.pipeline({matrix: {model: ['a'], replicate: [1, 2]}});
  expect(await plan(project)).toMatchInlineSnapshot(`
    "
    exit 0
    2 cells, 3 steps, 3 cached
    cost at most: 0.0 GPU-hours (no GPU needed), money $0
    2 steps that left the matrix keep their results (--steps lists them)
    "
  `);
  expect(await plan(project, '--steps')).toMatchInlineSnapshot(`
    "
    exit 0
    2 cells, 3 steps, 3 cached
    cost at most: 0.0 GPU-hours (no GPU needed), money $0
    2 steps that left the matrix keep their results:
      train:model=b,replicate=1
      train:model=b,replicate=2
    "
  `);
  expect(await plan(project, '--only', 'replicate=1')).not.toContain('left the matrix');
  expect(await plan(project, '--until', 'fetch')).not.toContain('left the matrix');
  expect((await project.run().ended).code).toBe(0);
  expect(project.results('train')).toHaveLength(4);
});

test("another pipeline's results are no orphans of this one, and axes in another order change nothing", async () => {
  await using project = await ran();
  project.pipeline({matrix: {replicate: [1, 2], model: ['a', 'b']}});
  expect(await plan(project)).toContain('4 cells, 5 steps, 5 cached\n');
  expect(await plan(project)).not.toContain('left the matrix');
  project.write({'stages/train/more.sh': 'true'});
  expect(await plan(project)).toContain('4 × changed: files.stages/train/more.sh\n');
  project.pipeline({name: 'other', matrix: {model: ['c'], replicate: [1]}});
  expect(await plan(project)).not.toContain('left the matrix');
});
