import {expect, test} from 'vitest';
import {differing, smokeAt, TIMED} from './smoke.js';
import type {Kind} from './systems.js';

const SLICE = ['agent=smoke-idle', 'model=smoke-50k', 'benchmark=smoke-add'].flatMap((one) => ['--only', one]);

/** One cell of the smoke profile with its baselines; `npm run test:smoke-places` does the same with all of them. */
export function clusterSmoke(kind: Kind): void {
  test(`the smoke profile on ${kind}: the same table as here, and the same digests but of what holds times`, async () => {
    const [here, there] = await Promise.all([smokeAt('local', SLICE), smokeAt(kind, SLICE)]);
    expect(there.table).toEqual(here.table);
    expect([...there.digests.keys()].sort()).toEqual([...here.digests.keys()].sort());
    expect(differing(here, there).filter((output) => !TIMED.test(output))).toEqual([]);
    expect([...here.digests.keys()].filter((output) => !TIMED.test(output)).length).toBeGreaterThan(10);
  }, 240_000);
}
