import {expect, test} from 'vitest';
import {load} from './load.js';

test(
  '8 jobs at once, each writing 1 MB/s for 10 s: every line is there, and the controller rests',
  {timeout: 120_000},
  async () => {
    const {wrong, controller} = await load({jobs: 8, seconds: 10, mbPerSecond: 1, watchers: 2});
    expect(wrong).toEqual([]);
    expect(controller.cpu).toBeLessThan(0.05);
  },
);
