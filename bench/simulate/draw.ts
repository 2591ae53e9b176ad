import {sha256} from '../../src/base/canonical.js';
import type {Cell} from './policies.js';
import {benchmarks, models, rows, type Fate} from './world.js';

/** Seconds: an agent's time. */
export const LONGEST = 36_000;

/** The cells of all rows, each with a time of its own: the same for the same seed. */
export function perturbed(seed: number, lost: number): Cell[] {
  const uniform = (...about: readonly unknown[]): number =>
    parseInt(sha256(JSON.stringify([seed, ...about])).slice(0, 12), 16) / 2 ** 48;
  return rows.flatMap(({agent, seconds, fates}, n) =>
    models.flatMap((_, model) =>
      benchmarks.map((__, benchmark): Cell => {
        const factor = 0.7 + 0.6 * uniform('time', agent, model, benchmark);
        return {
          agent: n,
          model,
          benchmark,
          agentSeconds: Math.min(LONGEST, seconds * factor),
          fate: (fates[model]![benchmark] ?? '.') as Fate,
          isLost: uniform('lost', agent, model, benchmark) < lost,
        };
      }),
    ),
  );
}
