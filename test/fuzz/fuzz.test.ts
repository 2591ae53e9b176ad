import {expect, test} from 'vitest';
import {fuzz, giants} from './fuzz.js';

test('500 spoiled inputs: a clear message with its place for each, nothing hangs', {timeout: 300_000}, async () => {
  expect((await fuzz(500, 7)).findings).toEqual([]);
});

test(
  'files of 100 MB, 100 000 levels: little memory, and a clear message where there is one to give',
  {timeout: 300_000},
  async () => {
    expect((await giants()).findings).toEqual([]);
  },
);
