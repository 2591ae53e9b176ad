import {randomBytes} from 'node:crypto';
import {expect, test} from 'vitest';
import {describeMoments, runSuite} from './rounds.js';

test(
  '25 controllers killed at random moments, some jobs too: all is as if nothing had happened',
  {timeout: 240_000},
  async () => {
    const seed = process.env.PTB_CHAOS_SEED ?? randomBytes(4).toString('hex');
    const told: string[] = [];
    const report = (line: string): void => {
      told.push(line);
      console.log(line);
    };
    report(`seed ${seed}`);
    const sum = await runSuite({kills: 25, seed, where: {sandbox: 'none', executor: 'local'}, report});
    report(describeMoments(sum));
    expect(sum.violations, told.join('\n')).toEqual([]);
  },
);
