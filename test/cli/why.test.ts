import {expect, test} from 'vitest';
import {newProject, type Project} from '../rig/project.js';

/** Digests, folders' keys and times by what they are, so that the rest can be compared whole. */
const plain = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/-[0-9a-f]{12}\b/g, '-KEY')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST');

async function why(project: Project, ...args: string[]): Promise<string> {
  const {code, stdout, stderr} = await project.ptb('why', ...args).ended;
  return `\n${plain(`exit ${code}\n${stdout}${stderr}`)}`;
}

/** fetch, then train for each model and hours, then a judge over all. */
async function threeStages(): Promise<Project> {
  const project = await newProject();
  project.stage('fetch', {reads: ['list.txt']}).answers({'out.txt': 'weights'});
  const answer = {'out.txt': 'model'};
  project.stage('train', {for: ['model', 'hours'], needs: ['fetch'], fields: ['settings.size']}).answers(answer);
  project.stage('judge', {needs: ['train']}).answers({'out.txt': 'score'});
  project.write({'list.txt': 'one'});
  project.pipeline({matrix: {model: ['a', 'b'], hours: [1, 2]}, settings: {size: {layers: 2}}});
  return project;
}

test('a step that never ran, and what waits for it', async () => {
  await using project = await threeStages();
  expect(await why(project, 'judge')).toMatchInlineSnapshot(`
    "
    exit 0
    judge: after train:model=a,hours=1 and 3 more
      there is no result of it under any key
      train:model=a,hours=1: after fetch
        there is no result of it under any key
        fetch: never ran
          there is no result of it under any key
    "
  `);
});

test('each kind of difference in words, with the values before and after', async () => {
  await using project = await threeStages();
  await project.run().ended;
  expect(await why(project, 'train:model=a,hours=1')).toMatchInlineSnapshot(`
    "
    exit 0
    train:model=a,hours=1: cached
      its result: runs/results/train/a-1-KEY (attempt 1, TIME)
    "
  `);

  project.stage('fetch', {reads: ['list.txt', 'more.txt'], resources: {gpus: 1}}).answers({'out.txt': 'weights'});
  project.write({'list.txt': 'two', 'more.txt': '', 'stages/fetch/extra.sh': 'true'});
  expect(await why(project, 'fetch')).toMatchInlineSnapshot(`
    "
    exit 0
    fetch: changed: files.list.txt, files.more.txt, files.stages/fetch/extra.sh and 1 more
      its last result: runs/results/fetch/all-KEY (attempt 1, TIME)
      files.list.txt: this file changed
        DIGEST → DIGEST
      files.more.txt: this file is read now, and was not
        absent → DIGEST
      files.stages/fetch/extra.sh: this file is read now, and was not
        absent → DIGEST
      stage.gpus: the stage's own declaration: how many GPUs it holds
        0 → 1
    "
  `);
});

test('what waits: the chain to the root, and what differs already', async () => {
  await using project = await threeStages();
  await project.run().ended;
  project.write({'list.txt': 'two'});
  expect(await why(project, 'judge')).toMatchInlineSnapshot(`
    "
    exit 0
    judge: after train:model=a,hours=1 and 3 more
      its last result: runs/results/judge/all-KEY (attempt 1, TIME)
      train:model=a,hours=1: after fetch
        its last result: runs/results/train/a-1-KEY (attempt 1, TIME)
        fetch: changed: files.list.txt
          its last result: runs/results/fetch/all-KEY (attempt 1, TIME)
          files.list.txt: this file changed
            DIGEST → DIGEST
    "
  `);
  expect(await why(project, 'train:hours=2,model=a', '--set', 'settings.size.layers=4')).toMatchInlineSnapshot(`
    "
    exit 0
    train:model=a,hours=2: after fetch
      its last result: runs/results/train/a-2-KEY (attempt 1, TIME)
      whatever that comes to, this differs already:
      fields.settings.size.layers: a value that the stage looks up
        2 → 4
      fetch: changed: files.list.txt
        its last result: runs/results/fetch/all-KEY (attempt 1, TIME)
        files.list.txt: this file changed
          DIGEST → DIGEST
    "
  `);
});

test('other content of an upstream, directly and where many are gathered', async () => {
  await using project = await threeStages();
  await project.run().ended;
  project.stage('fetch', {reads: ['list.txt']}).answers({'out.txt': 'other weights'});
  project.write({'list.txt': 'two'});
  await project.run('--until', 'fetch').ended;
  expect(await why(project, 'train:model=b,hours=2')).toMatchInlineSnapshot(`
    "
    exit 0
    train:model=b,hours=2: changed: needs.fetch.out.txt
      its last result: runs/results/train/b-2-KEY (attempt 1, TIME)
      needs.fetch.out.txt: the output out.txt of upstream fetch has other content
        DIGEST → DIGEST
    "
  `);

  project.stage('train', {for: ['model', 'hours'], needs: ['fetch'], fields: ['settings.size']}).answers(({step}) => ({
    'out.txt': step.axes.model === 'a' ? 'model' : 'better model',
  }));
  await project.run('--until', 'train').ended;
  expect(await why(project, 'judge')).toMatchInlineSnapshot(`
    "
    exit 0
    judge: changed: needs.train.train:hours=1,model=b.out.txt, needs.train.train:hours=2,model=b.out.txt
      its last result: runs/results/judge/all-KEY (attempt 1, TIME)
      needs.train.train:hours=1,model=b.out.txt: the output out.txt of upstream train:hours=1,model=b has other content
        DIGEST → DIGEST
      needs.train.train:hours=2,model=b.out.txt: the output out.txt of upstream train:hours=2,model=b has other content
        DIGEST → DIGEST
    "
  `);
});

test.each([
  ['train:hours=2,model=a', 'train:model=a,hours=2'],
  ['tr:model=b,hours=1', 'train:model=b,hours=1'],
  ['fet', 'fetch'],
])('%s is enough for %s', async (text, id) => {
  await using project = await threeStages();
  const {code, stdout} = await project.ptb('why', text, '--json').ended;
  expect({code, id: (JSON.parse(stdout) as {id: string}).id}).toEqual({code: 0, id});
});

test('several steps, or none', async () => {
  await using project = await threeStages();
  expect(await why(project, 'train:model=a')).toMatchInlineSnapshot(`
    "
    exit 2
    "train:model=a" names 2 steps; say which:
      train:model=a,hours=1
      train:model=a,hours=2
    "
  `);
  expect(await why(project, 'tarin:model=a,hours=1')).toMatchInlineSnapshot(`
    "
    exit 2
    there is no step "tarin:model=a,hours=1"
      hint: did you mean "train:model=a,hours=1"?
    "
  `);
  expect(await why(project, 'train:agent=a')).toMatchInlineSnapshot(`
    "
    exit 2
    there is no step "train:agent=a"
      hint: known: fetch, train:model=a,hours=1, train:model=a,hours=2, train:model=b,hours=1, train:model=b,hours=2, judge
    "
  `);
});

test('as JSON', async () => {
  await using project = await threeStages();
  await project.run().ended;
  project.write({'list.txt': 'two'});
  const {stdout} = await project.ptb('why', 'train:model=a,hours=1', '--json').ended;
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    id: 'train:model=a,hours=1',
    verdict: 'after',
    because: 'after fetch',
    last: {
      folder: expect.stringMatching(/^runs\/results\/train\/a-1-/) as string,
      attempt: 1,
      ended: expect.any(String) as string,
    },
    differences: [],
    waits_for: {
      id: 'fetch',
      verdict: 'run',
      because: 'changed: files.list.txt',
      last: expect.any(Object) as object,
      differences: [
        {
          path: 'files.list.txt',
          meaning: 'this file changed',
          before: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          after: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
      waits_for: null,
    },
  });
});
