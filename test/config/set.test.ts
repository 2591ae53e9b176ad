import {expect, test} from 'vitest';
import {applySets, splitPath} from '../../src/config/set.js';
import {parseYaml} from '../../src/config/yaml.js';

const parsed = parseYaml(
  'pipeline.yaml',
  `name: tiny
matrix: {model: [small, qwen3-1.7b], hours: [10], include: [{model: new-0.5b}]}
catalog: {model: {small: {base: a}, qwen3-1.7b: {base: b}}}
gpus: {count: 1, name: H100}
`,
);
if (!parsed.ok) throw new Error('the document of these tests is wrong');
const document = parsed.value;

test.each([
  ['gpus.count', ['gpus', 'count'], [0, 5]],
  ['catalog.model.qwen3-1.7b.base', ['catalog', 'model', 'qwen3-1.7b', 'base'], [0, 8, 14, 25]],
  ['catalog.model.new-0.5b.base', ['catalog', 'model', 'new-0.5b', 'base'], [0, 8, 14, 23]],
  ['catalog.model."new-9.9b".base', ['catalog', 'model', 'new-9.9b', 'base'], [0, 8, 14, 25]],
  ['settings.a.b', ['settings', 'a', 'b'], [0, 9, 11]],
  ['constructor.name', ['constructor', 'name'], [0, 12]],
])('%s is split', (path, keys, offsets) => {
  const split = splitPath(document.value, path);
  expect(split.map(({key}) => key)).toEqual(keys);
  expect(split.map(({offset}) => offset)).toEqual(offsets);
});

test.each<[string[], object]>([
  [['matrix.hours=[1, 2]'], {matrix: {hours: [1, 2]}}],
  [['gpus.name=null'], {gpus: {count: 1}}],
  [['gpus={count: 0}'], {gpus: {count: 0, name: 'H100'}}],
  [['name='], {name: ''}],
  [['name=a=b'], {name: 'a=b'}],
  [['name=x', 'gpus.count=5'], {name: 'x', gpus: {count: 5, name: 'H100'}}],
  [['name=1', 'name="2"'], {name: '2'}],
  [['matrix.model=[tiny-1.5b]', 'catalog.model.tiny-1.5b.base=x'], {catalog: {model: {'tiny-1.5b': {base: 'x'}}}}],
])('--set %j', (sets, expected) => {
  const set = applySets(document, sets);
  expect(set).toMatchObject({ok: true, value: {value: expected}});
});

test('gpus.name=null leaves no name', () => {
  const set = applySets(document, ['gpus.name=null']);
  expect(set).toHaveProperty('value.value.gpus', {count: 1});
});
