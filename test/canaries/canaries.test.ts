import {expect, test} from 'vitest';
import {release} from './run.js';

// One cell of the smoke profile; `npm run test:canaries` has all cells, the profile cpu and the lab's schedulers.

test(
  'a canary for every provider, in the hands of an agent that spreads them: none is found',
  {timeout: 240_000},
  async () => {
    const {exit, said, found, masked, looks} = await release({
      profiles: ['smoke'],
      agents: ['stand-in-leaker'],
      flags: ['--only', 'model=smoke-50k', '--only', 'benchmark=smoke-add'],
    });
    expect(found).toEqual([]);
    expect([exit, exit === 0 ? '' : said]).toEqual([0, '']);
    expect(masked).toBeGreaterThan(2);
    expect(looks).toBeGreaterThan(10);
  },
);
