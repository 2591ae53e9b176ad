import {expect, test} from 'vitest';
import type {Graph} from '../../src/graph/graph.js';
import type {Step} from '../../src/graph/step.js';
import {Queue} from '../../src/run/queue.js';
import {build} from '../graph/build.js';

const run = 'run: [bash, -c, "true"]\noutputs: {o: out.txt}\n';

/** Two stages over four cells; the first asks for one CPU or for two, for an hour or for two. */
const declared = (): Graph =>
  build({
    'stages/first/stage.yaml': `for: [model, hours]\nresources: {time: '\${{ hours }}h', cpus: '\${{ model.cpus }}'}\n${run}`,
    'stages/second/stage.yaml': `for: [model, hours]\nneeds: [first]\n${run}`,
    'pipeline.yaml': `name: q
matrix: {model: [small, large], hours: [1, 2]}
catalog: {model: {small: {base: a, cpus: 1}, large: {base: b, cpus: 2}}}
stages: {fetch: {use: false}, train: {use: false}}
`,
  });

const items = (graph: Graph, stage: string): {readonly step: Step}[] =>
  [...graph.steps.values()].filter((step) => step.stage.name === stage).map((step) => ({step}));

const filled = (graph: Graph): Queue<{readonly step: Step}> => {
  const queue = new Queue<{readonly step: Step}>(graph, ({spec}) => spec.resources.seconds ?? 0);
  for (const item of [...items(graph, 'second'), ...items(graph, 'first')].reverse()) queue.add(item);
  return queue;
};

function all(queue: Queue<{readonly step: Step}>): string[] {
  const offer = queue.offer();
  const ids: string[] = [];
  for (let next = offer.next(); next !== undefined; next = offer.next()) ids.push(next.step.id);
  return ids;
}

test('later stages first, then the longest, then the order of the matrix, whatever they ask for', () => {
  const graph = declared();
  expect(all(filled(graph))).toEqual([
    'second:model=small,hours=1',
    'second:model=small,hours=2',
    'second:model=large,hours=1',
    'second:model=large,hours=2',
    'first:model=small,hours=2',
    'first:model=large,hours=2',
    'first:model=small,hours=1',
    'first:model=large,hours=1',
  ]);
});

test('what there is no room for closes the round to all that ask for as much, and to no other', () => {
  const graph = declared();
  const queue = filled(graph);
  for (const {step} of items(graph, 'second')) queue.remove(step.id);
  const offer = queue.offer();
  expect(offer.next()!.step.id).toBe('first:model=small,hours=2');
  const large = offer.next()!.step;
  expect(large.id).toBe('first:model=large,hours=2');
  offer.full(large.spec.resources);
  expect(offer.next()!.step.id).toBe('first:model=small,hours=1');
  expect(offer.next()).toBeUndefined();
});

test('a round goes on behind a step that was taken out or put back meanwhile', () => {
  const graph = declared();
  const queue = filled(graph);
  const offer = queue.offer();
  const first = offer.next()!;
  queue.remove(first.step.id);
  const second = offer.next()!;
  expect(second.step.id).toBe('second:model=small,hours=2');
  queue.remove(second.step.id);
  queue.add(second);
  expect(offer.next()!.step.id).toBe('second:model=large,hours=1');
  expect(queue.size).toBe(7);
  expect(all(queue)[0]).toBe('second:model=small,hours=2');
});
