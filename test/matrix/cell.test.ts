import {expect, test} from 'vitest';
import {matrixOf} from '../../src/config/matrix.js';
import type {Pattern} from '../../src/config/pipeline.js';
import {parseYaml} from '../../src/config/yaml.js';
import {describeAxes, expand, project} from '../../src/matrix/cell.js';

const at = {file: '--only', line: 1, column: 1};
const only = (where: Readonly<Record<string, string[]>>): Pattern => ({where: new Map(Object.entries(where)), at});

function cells(matrix: string, ...patterns: readonly Pattern[]): string[] | string {
  const source = parseYaml('pipeline.yaml', `matrix: ${matrix}`);
  const settings = source.ok ? matrixOf(source.value) : source;
  const expanded = settings.ok ? expand(settings.value, patterns) : settings;
  return expanded.ok ? expanded.value.map(({id}) => id) : expanded.issues[0]!.message;
}

test.each<[string, string, string[] | string, Pattern[]?]>([
  ['the product, the last axis fastest', '{a: [x, y], b: [1, 2]}', ['a=x,b=1', 'a=x,b=2', 'a=y,b=1', 'a=y,b=2']],
  ['exclude: a partial cell', '{a: [x, y], b: [1, 2], exclude: [{a: y}]}', ['a=x,b=1', 'a=x,b=2']],
  ['exclude: all of its axes', '{a: [x, y], b: [1, 2], exclude: [{a: y, b: [1]}]}', ['a=x,b=1', 'a=x,b=2', 'a=y,b=2']],
  ['exclude: any of several', '{a: [x, y], exclude: [{a: y}, {a: [y]}]}', ['a=x']],
  ['exclude: everything', '{a: [x], exclude: [{a: x}]}', 'exclude removes every cell'],
  [
    'include: a new value, with all others',
    '{a: [x, y], b: [1], include: [{b: 9}]}',
    ['a=x,b=1', 'a=y,b=1', 'a=x,b=9', 'a=y,b=9'],
  ],
  ['include: what is there already', '{a: [x], b: [1], include: [{a: x, b: 1}]}', ['a=x,b=1']],
  [
    'include: only the listed values meet it',
    '{a: [x], b: [1], include: [{a: z}, {b: 9}]}',
    ['a=x,b=1', 'a=z,b=1', 'a=x,b=9'],
  ],
  ['include: brings back what exclude takes', '{a: [x, y], exclude: [{a: y}], include: [{a: y}]}', ['a=x', 'a=y']],
  ['only: the values of an axis', '{a: [x, y], b: [1, 2]}', ['a=y,b=1', 'a=y,b=2'], [only({a: ['y']})]],
  ['only: all of several', '{a: [x, y], b: [1, 2]}', ['a=y,b=2'], [only({a: ['y']}), only({b: ['2']})]],
  ['only: included values', '{a: [x], include: [{a: z}]}', ['a=z'], [only({a: ['z']})]],
  ['only: nothing', '{a: [x, y]}', 'no cell matches --only', [only({a: ['x']}), only({a: ['y']})]],
  ['a number is what it says', '{a: [0.5, 1e3, "02"]}', ['a=0.5', 'a=1000', 'a=02']],
])('%s', (_, matrix, expected, patterns = []) => {
  expect(cells(matrix, ...patterns)).toEqual(expected);
});

test('a projection keeps the order of the pipeline', () => {
  const cell = {agent: 'a', model: 'm', hours: '10'};
  expect(describeAxes(project(cell, ['hours', 'agent']))).toBe('agent=a,hours=10');
  expect(describeAxes(project(cell, []))).toBe('');
});
