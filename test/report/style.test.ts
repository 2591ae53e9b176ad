import {expect, test} from 'vitest';
import {printableJson} from '../../src/report/style.js';

test('JSON says the same with what would speak to a terminal as escapes', () => {
  const value = {'turned \u202e': ['\u001b[2J', '\u009b31m', 'line\nend', 'Ω'], n: 1.5};
  for (const indent of [undefined, 2]) {
    const text = printableJson(value, indent);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(text)).toEqual(value);
  }
  expect(printableJson({a: '\u202e'})).toBe('{"a":"\\u202e"}');
});
