import {expect, test} from 'vitest';
import {expand, lookUp, type Scope} from '../../src/config/look-up.js';

const scope: Scope = {
  axes: new Map([['model', {value: 'small', fields: {use: 'small', base: 'org/small', tags: ['a', 'b'], none: []}}]]),
  settings: {gpus: {count: 2, name: null}, prompt: 'p.txt'},
  pins: new Map(),
  allAxes: ['model', 'hours'],
};

test.each([
  ['model', {kind: 'found', value: 'small'}],
  ['model.base', {kind: 'found', value: 'org/small'}],
  ['gpus.count', {kind: 'found', value: 2}],
  ['gpus', {kind: 'found', value: {count: 2, name: null}}],
  ['prompt?', {kind: 'found', value: 'p.txt'}],
  ['model.size?', {kind: 'absent'}],
  ['nothing?', {kind: 'absent'}],
  ['gpus.count.deep?', {kind: 'absent'}],
  ['model.size', {kind: 'unknown', message: 'model "small" has no "size"', offset: 6}],
  ['gpus.count.deep', {kind: 'unknown', message: 'gpus.count has no "deep"', offset: 11}],
  ['modle', {kind: 'unknown', hint: 'did you mean "model"?', offset: 0}],
  ['hours', {kind: 'unknown', message: 'this stage is not for axis "hours"'}],
  ['hours?', {kind: 'unknown', message: 'this stage is not for axis "hours"'}],
  ['constructor', {kind: 'unknown', message: 'there is no axis or setting "constructor"'}],
  ['model.toString', {kind: 'unknown', message: 'model "small" has no "toString"'}],
  ['model + 1', {kind: 'unknown', message: '"model + 1" is not a look-up'}],
])('%s', (path, expected) => {
  expect(lookUp(path, scope)).toMatchObject(expected);
});

test.each([
  ['plain', ['plain']],
  ['', ['']],
  ['a/${{ model }}/${{model.base}}.py', ['a/small/org/small.py']],
  ['x-${{ model.tags }}-${{ gpus.count }}', ['x-a-2', 'x-b-2']],
  ['${{ model.tags }}${{ model.tags }}', ['aa', 'ab', 'ba', 'bb']],
  ['${{ model.none }}', []],
  ['a/${{ model.size? }}', []],
  ['$ {{ model }} }}', ['$ {{ model }} }}']],
])('%j expands', (template, texts) => {
  expect(expand(template, scope)).toEqual({kind: 'texts', texts});
});

test.each([
  ['ab/${{ model.size }}', 'model "small" has no "size"', 13],
  ['${{model.base}}/${{ gpus }}', 'gpus is a map, not a text', 20],
  ['${{ model }} ${{ model', 'this look-up has no end', 13],
])('%j does not', (template, message, offset) => {
  expect(expand(template, scope)).toMatchObject({kind: 'unknown', message, offset});
});
