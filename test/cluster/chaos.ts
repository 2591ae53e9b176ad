import {randomBytes} from 'node:crypto';
import {expect, test} from 'vitest';
import {describeMoments, runSuite} from '../chaos/rounds.js';
import type {Kind} from './systems.js';

/** A few of what `npm run test:chaos -- --executor KIND --kills 40` does; on HTCondor, which is slow, by that command alone. */
export function clusterChaos(kind: Kind): void {
  test(`${kind}: controllers killed while jobs are in the queue: none lost, none doubled`, async () => {
    const seed = process.env.PTB_CHAOS_SEED ?? randomBytes(4).toString('hex');
    const told: string[] = [`seed ${seed}`];
    const where = {sandbox: 'none', executor: kind} as const;
    const sum = await runSuite({kills: 4, seed, where, report: (line) => void told.push(line)});
    console.log([...told, describeMoments(sum)].join('\n'));
    expect(sum.violations, told.join('\n')).toEqual([]);
  }, 300_000);
}
