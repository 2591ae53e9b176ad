import {expect, test} from 'vitest';
import type {Ended} from '../rig/ptb.js';
import type {HeldStage} from '../rig/held.js';
import {newProject, type Project} from '../rig/project.js';
import {standInGpus} from './gpus.js';

type Stages = {readonly project: Project; readonly fetch: HeldStage; readonly train: HeldStage};

/** fetch, then train on a GPU for each model, then judge; all of it has run. */
async function trained(): Promise<Stages> {
  const project = await newProject();
  standInGpus(project, 2);
  const fetch = project.stage('fetch', {reads: ['list.txt']}).answers({'out.txt': 'weights'});
  const train = project
    .stage('train', {for: ['model'], needs: ['fetch'], reads: ['prompt.txt'], resources: {gpus: 2, time: '5h'}})
    .answers({'out.txt': 'model'});
  project.stage('judge', {for: ['model'], needs: ['train']}).answers({'out.txt': 'score'});
  project.write({'list.txt': 'one', 'prompt.txt': 'please'});
  project.pipeline({matrix: {model: ['a', 'b']}});
  expect(await project.ptb('pipeline', 'run', '--quiet').ended).toMatchObject({code: 0, stderr: ''});
  return {project, fetch, train};
}

const began = ({events}: Ended): unknown[] => events.filter(({event}) => event === 'submitted').map(({step}) => step);

test('an edit behind which GPU-hours stand is not run without a word', async () => {
  const {project, train} = await trained();
  await using _ = project;
  project.write({'prompt.txt': 'now'});

  const {code, stdout, stderr} = await project.ptb('pipeline', 'run').ended;
  expect({code, stdout}).toEqual({code: 2, stdout: ''});
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    2 steps with GPUs have results that an edit made stale; running again takes up to 20.0 GPU-hours
      2 × changed: files.prompt.txt
        train:model=a
        train:model=b
    nothing was started
      to see what changed: ptb why train:model=a
      to keep the old results: ptb step accept train:model=a --because "…"
      to run them again: ptb pipeline run --yes, or --rerun train:model=a
    "
  `);
  expect(train.invocations).toBe(2);
  expect(project.has('runs/controller.json')).toBe(false);

  expect(began(await project.run('--yes').ended)).toHaveLength(2);
});

test('--rerun names what may run again, and only that', async () => {
  const {project} = await trained();
  await using _ = project;
  project.write({'prompt.txt': 'now'});
  const half = await project.run('--rerun', 'train:model=a').ended;
  expect(half.code).toBe(2);
  expect(half.stderr).toContain('1 step with GPUs has a result');
  expect(began(await project.run('--rerun', 'train').ended)).toEqual(['train:model=a', 'train:model=b']);
});

test('new cells have no result that could be stale', async () => {
  const {project} = await trained();
  await using _ = project;
  project.pipeline({matrix: {model: ['a', 'b', 'c']}});
  expect(began(await project.run().ended)).toEqual(['train:model=c', 'judge:model=c']);
});

test('an edit that costs no GPU runs', async () => {
  const {project, fetch} = await trained();
  await using _ = project;
  project.write({'list.txt': 'two'});
  expect(began(await project.run().ended)).toEqual(['fetch']);
  expect(fetch.invocations).toBe(2);
});

test('what turns out stale in the middle of a run is held, and what waits for it blocked', async () => {
  const {project, fetch, train} = await trained();
  await using _ = project;
  fetch.answers({'out.txt': 'other weights'});
  project.write({'list.txt': 'two'});

  const {code, stderr, stdout} = await project.ptb('pipeline', 'run').ended;
  expect({code, stdout}).toEqual({code: 1, stdout: ''});
  expect(`\n${stderr.replaceAll(/\d+\.\d s/g, 'N s')}`).toMatchInlineSnapshot(`
    "
    rig: 5 steps for 2 cells
    start   fetch (changed: files.list.txt)
    done    fetch (N s)
    held    train:model=a: it would run again (changed: needs.fetch.out.txt; up to 10.0 GPU-hours) only with --yes
    held    train:model=b: it would run again (changed: needs.fetch.out.txt; up to 10.0 GPU-hours) only with --yes
    blocked judge:model=a (train:model=a is held)
    blocked judge:model=b (train:model=b is held)
    failed: 1 done, 4 blocked in N s
    "
  `);
  expect(train.invocations).toBe(2);

  expect((await project.run().ended).code).toBe(2);
  expect(began(await project.run('--yes').ended)).toEqual(['train:model=a', 'train:model=b']);
});
