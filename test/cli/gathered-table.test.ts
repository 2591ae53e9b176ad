import {expect, test} from 'vitest';
import {newProject} from '../rig/project.js';

test('a stage that stores the table has one also where a cell has failed', async () => {
  await using project = await newProject();
  const scored = '{"accuracy": 0.5, "n": 4, "version": 1, "flagged": false, "flags": [], "findings": []}';
  project.stage('work', {
    for: ['agent', 'model', 'benchmark'],
    run: ['bash', '-c', `[ "$PTB_AGENT" = good ] && echo '${scored}' >out.txt`],
  });
  project.stage('table', {
    needs: [{stage: 'work', optional: true}],
    fields: ['score'],
    prepare: ['bash', '-c', 'ptb table --step "$PTB_STEP" --format json >out.txt'],
    run: ['true'],
  });
  project.pipeline({
    matrix: {agent: ['good', 'bad'], model: ['m'], benchmark: ['b']},
    score: {measured: 'work/out.txt', verdict: 'work/out.txt', worked: 'work', usage: 'work/out.txt', baselines: {}},
  });
  expect((await project.run().ended).code).toBe(1);
  const [stored] = project.results('table');
  const {cells} = JSON.parse(project.read(`${stored!.dir.slice(project.root.length + 1)}/out/out.txt`)) as {
    cells: {agent: string; kind: string; because: string[]}[];
  };
  expect(cells.map(({agent, kind}) => [agent, kind])).toEqual([
    ['good', 'measured'],
    ['bad', 'absent'],
  ]);
  expect(cells[1]!.because.join()).toContain('work failed');
});

test('a file that is no step file is named', async () => {
  await using project = await newProject();
  const step = {needs: {}, fields: {score: {average: 'plane'}}};
  project.write({'step.json': JSON.stringify(step)});
  const {code, stderr} = await project.ptb('table', '--step', 'step.json').ended;
  expect([code, stderr]).toEqual([2, '"step.json" is not a step file; a stage\'s script finds its own in $PTB_STEP\n']);
});
