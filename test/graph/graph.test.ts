import {expect, test} from 'vitest';
import type {Pattern} from '../../src/config/pipeline.js';
import type {Graph, Selection} from '../../src/graph/graph.js';
import {BASE, type Written} from '../config/project.js';
import {build, stepOf} from './build.js';

/** `model` × `hours`: a baseline for each model, one table over everything. */
const PROJECT: Written = {
  'stages/baseline/stage.yaml': 'for: [model]\nneeds: [fetch]\nrun: [bash, -c, "true"]\noutputs: {b: base.json}\n',
  'stages/table/stage.yaml':
    'for: []\nneeds: [train, {stage: baseline, optional: true, take: [base.json]}]\nrun: [bash, -c, "true"]\noutputs: {t: table.csv}\n',
};

const graph = (files: Written = {}, selection?: Selection): Graph => build({...PROJECT, ...files}, selection);

const needsOf = (built: Graph, id: string): unknown =>
  stepOf(built, id).needs.map(({gathers, steps}) => ({gathers, ids: steps}));

test('cells share the steps whose axes they agree on', () => {
  expect([...graph().steps.keys()].sort()).toEqual([
    'baseline:model=large',
    'baseline:model=small',
    'fetch:model=large',
    'fetch:model=small',
    'table',
    'train:model=large,hours=1',
    'train:model=large,hours=2',
    'train:model=small,hours=1',
    'train:model=small,hours=2',
  ]);
});

test('a step needs the steps of its own cells', () => {
  const built = graph();
  expect(needsOf(built, 'train:model=small,hours=2')).toEqual([{gathers: false, ids: ['fetch:model=small']}]);
  expect(needsOf(built, 'table')).toEqual([
    {
      gathers: true,
      ids: [
        'train:model=small,hours=1',
        'train:model=small,hours=2',
        'train:model=large,hours=1',
        'train:model=large,hours=2',
      ],
    },
    {gathers: true, ids: ['baseline:model=small', 'baseline:model=large']},
  ]);
});

test('a step gathers what differs in an axis that it lacks, within those that it has', () => {
  const best = 'for: [model]\nneeds: [train]\nrun: [bash, -c, "true"]\noutputs: {b: best.json}\n';
  expect(needsOf(graph({'stages/best/stage.yaml': best}), 'best:model=large')).toEqual([
    {gathers: true, ids: ['train:model=large,hours=1', 'train:model=large,hours=2']},
  ]);
});

test('a gathering step takes only the steps of cells that there are', () => {
  const pipeline = BASE['pipeline.yaml'].replace('hours: [1, 2]', 'hours: [1, 2]\n  exclude: [{model: large}]');
  expect(needsOf(graph({'pipeline.yaml': pipeline}), 'table')).toMatchObject([
    {ids: ['train:model=small,hours=1', 'train:model=small,hours=2']},
    {ids: ['baseline:model=small']},
  ]);
});

test('each step stands behind those that it needs', () => {
  const order = [...graph().steps.values()];
  for (const [n, step] of order.entries()) {
    const earlier = new Set(order.slice(0, n).map(({id}) => id));
    for (const {steps} of step.needs) for (const id of steps) expect(earlier).toContain(id);
  }
});

const only = (axis: string, value: string): Pattern => ({
  where: new Map([[axis, [value]]]),
  at: {file: '--only', line: 1, column: 1},
});

test.each<[string, Selection, string[]]>([
  ['--until', {only: [], until: 'baseline'}, ['fetch', 'baseline']],
  ['--until the first', {only: [], until: 'fetch'}, ['fetch']],
  ['--until the last', {only: [], until: 'table'}, ['fetch', 'baseline', 'train', 'table']],
])('%s keeps what is needed', (_, selection, stages) => {
  expect(
    graph({}, selection)
      .stages.map(({name}) => name)
      .sort(),
  ).toEqual([...stages].sort());
});

test('--only keeps the steps of its cells', () => {
  const {steps} = graph({}, {only: [only('model', 'small'), only('hours', '2')]});
  expect([...steps.keys()].sort()).toEqual([
    'baseline:model=small',
    'fetch:model=small',
    'table',
    'train:model=small,hours=2',
  ]);
});

test('look-ups are filled in for each step', () => {
  const stage = `for: [model, hours]
fields: [model.base, hours, model.size?, gpus.count?]
reads: ["data/\${{ model.base }}.txt", "\${{ prompt? }}"]
run: [bash, run.sh]
resources: {time: "\${{ hours }}h", gpus: "\${{ gpus.count? }}", memory: 2GB, grace: 1m}
outputs: {score: score.json}
`;
  const step = stepOf(graph({'stages/train/stage.yaml': stage}), 'train:model=large,hours=2');
  expect(Object.fromEntries(step.spec.fields)).toEqual({'model.base': 'org/large', hours: '2'});
  expect(step.spec.reads.map(({path}) => path)).toEqual(['data/org/large.txt']);
  expect(step.spec.resources).toEqual({gpus: 0, cpus: 1, memoryMb: 2000, seconds: 7200, graceSeconds: 60});
});

test('steps that differ only on axes that their stage looks nothing up of declare the same', () => {
  const pipeline = BASE['pipeline.yaml'];
  const run = 'run: [bash, -c, "true"]\noutputs: {o: out.txt}\n';
  const built = build({
    'pipeline.yaml': pipeline,
    'stages/late/stage.yaml': `for: [model, hours]\nfields: [hours.only?, model.size?]\n${run}`,
    'stages/free/stage.yaml': `for: [model, hours]\n${run}`,
    'stages/timed/stage.yaml': `for: [model, hours]\nresources: {time: '\${{ hours }}h'}\n${run}`,
  });
  const specs = (stage: string): unknown[] =>
    [...built.steps.values()].filter((step) => step.stage.name === stage).map(({spec}) => spec);
  expect(new Set(specs('free')).size).toBe(1);
  expect(specs('timed')).toMatchObject([1, 2, 1, 2].map((hours) => ({resources: {seconds: hours * 3600}})));
  expect(new Set(specs('timed')).size).toBe(2);
  expect(new Set(specs('late')).size).toBe(4);
});
