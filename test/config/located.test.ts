import {describe, expect, test} from 'vitest';
import {descend, merge, placeInText, placeOf, type Located} from '../../src/config/located.js';
import {parseYaml} from '../../src/config/yaml.js';

function yaml(text: string, file = 'a.yaml'): Located {
  const parsed = parseYaml(file, text);
  if (!parsed.ok) throw new Error(parsed.issues[0]!.message);
  return parsed.value;
}

describe('merge', () => {
  test.each([
    ['maps merge key by key', '{a: {x: 1, y: 2}}', '{a: {y: 3}}', {a: {x: 1, y: 3}}],
    ['lists replace', '{a: [1, 2]}', '{a: [3]}', {a: [3]}],
    ['a map replaces a text', '{a: b}', '{a: {c: 1}}', {a: {c: 1}}],
    ['null removes', '{a: 1, b: 2}', '{a: null}', {b: 2}],
    ['null removes what is not there', '{a: 1}', '{b: {c: null, d: 2}}', {a: 1, b: {d: 2}}],
    ['new keys stand behind the old ones', '{a: 1}', '{0: x, b: 2, a: 3}', {0: 'x', a: 3, b: 2}],
    ['a key of every object is a key', '{a: 1}', '{constructor: 2}', {a: 1, constructor: 2}],
  ])('%s', (_, under, over, merged) => {
    expect(merge(yaml(under), yaml(over)).value).toEqual(merged);
  });

  test('each node keeps the place where it was written', () => {
    const merged = merge(yaml('a:\n  x: 1\n  y: [2]\n'), yaml('a:\n  y: [3, 4]\n', 'b.yaml'));
    expect(placeOf(merged, '/a/x')).toEqual({file: 'a.yaml', line: 2, column: 6});
    expect(placeOf(merged, '/a/y/1')).toEqual({file: 'b.yaml', line: 2, column: 10});
    expect(placeOf(merged, '/a', 'key')).toEqual({file: 'a.yaml', line: 1, column: 1});
  });
});

describe('places', () => {
  const document = yaml('a/b:\n  "c~": "${{ x }}"\n  d: >-\n    x\n    y\n');
  test.each([
    ['a key with a slash', placeOf(document, '/a~1b', 'key'), {line: 1, column: 1}],
    ['a key with a tilde', placeOf(document, '/a~1b/c~0', 'key'), {line: 2, column: 3}],
    ['a value', placeOf(document, '/a~1b/c~0'), {line: 2, column: 9}],
    ['a character of a quoted text', placeInText(document, '/a~1b/c~0', 4), {line: 2, column: 14}],
    ['a character of a text over lines', placeInText(document, '/a~1b/d', 3), {line: 3, column: 6}],
    ['what is not there stands at its parent', placeOf(document, '/a~1b/c~0/z', 'key'), {line: 2, column: 9}],
  ])('%s', (_, place, expected) => {
    expect(place).toEqual({file: 'a.yaml', ...expected});
  });

  test('descend re-roots them', () => {
    const inner = descend(document, 'a/b', 'c~')!;
    expect([inner.value, placeOf(inner, '')]).toEqual(['${{ x }}', {file: 'a.yaml', line: 2, column: 9}]);
    expect(descend(document, 'a/b', 'toString')).toBeUndefined();
  });

  test('an alias stands where its anchor does', () => {
    const aliased = yaml('a: &x {k: 1}\nb: *x\n');
    expect([aliased.value, placeOf(aliased, '/b/k')]).toEqual([
      {a: {k: 1}, b: {k: 1}},
      {file: 'a.yaml', line: 1, column: 11},
    ]);
  });
});

test.each([
  ['yes', 'yes'],
  ['on', 'on'],
  ['010', 10],
  ['1_000', '1_000'],
  ['1.10', 1.1],
  ['~', null],
  ['2026-01-01', '2026-01-01'],
  ['"10"', '10'],
])('YAML 1.2 reads %s', (text, value) => {
  expect(yaml(`a: ${text}\n`).value).toEqual({a: value});
});
