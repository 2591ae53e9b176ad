import {expect, test} from 'vitest';
import {checkCycles} from '../../src/config/cycles.js';
import {stageOf, type Stage} from '../../src/config/stage.js';
import {parseYaml} from '../../src/config/yaml.js';
import {orderStages} from '../../src/graph/stages.js';

/** `a<b,c` is a stage a that needs b and c. */
const stages = (...texts: readonly string[]): Stage[] =>
  texts.map((text) => {
    const [name = '', needs = ''] = text.split('<');
    const source = parseYaml(`${name}.yaml`, `for: []\nneeds: [${needs}]\noutputs: {o: o}\n`);
    if (!source.ok) throw new Error('not YAML');
    return stageOf(name, `stages/${name}`, [], source.value);
  });

test.each<[string, string[], string[]]>([
  ['none', ['a', 'b<a', 'c<a,b'], []],
  ['a stage that needs itself', ['a<a'], ['stage "a" needs itself']],
  ['two', ['a<b', 'b<a'], ['these stages need each other: a → b → a']],
  ['a way into it is no part of it', ['a<b', 'b<c', 'c<b'], ['these stages need each other: b → c → b']],
  ['a way out of it neither', ['x', 'b<x,c', 'c<x,b'], ['these stages need each other: b → c → b']],
  ['two cycles', ['a<b', 'b<a', 'c<c', 'd<a'], ['stage "c" needs itself', 'these stages need each other: a → b → a']],
  ['an unknown need is no cycle', ['a<nope'], []],
])('%s', (_, texts, messages) => {
  expect(
    checkCycles(stages(...texts))
      .map(({message}) => message)
      .sort(),
  ).toEqual([...messages].sort());
});

test('the needs that close it are all shown', () => {
  const [cycle] = checkCycles(stages('a<x,b', 'b<c', 'c<a', 'x'));
  expect([cycle!.at, ...cycle!.see!.map(({at}) => at)]).toEqual([
    {file: 'a.yaml', line: 2, column: 11},
    {file: 'b.yaml', line: 2, column: 9},
    {file: 'c.yaml', line: 2, column: 9},
  ]);
  expect(cycle!.see!.map(({message}) => message)).toEqual(['b needs c', 'c needs a']);
});

test('stages are ordered by their needs', () => {
  const order = orderStages(stages('d<b,c', 'c<a', 'b<a', 'a')).map(({name}) => name);
  expect([order[0], order[3]]).toEqual(['a', 'd']);
});
