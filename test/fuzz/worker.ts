// Runs the cases that it is told to, one after the other. Its parent hears of each begin and each end, and ends it when one hangs.
import type {Target} from './call.js';
import {Random} from './random.js';
import {SHARES, TARGETS, type TargetName} from './targets/index.js';

/** Of one case: it begins, or how it ended, after these milliseconds of processor time, with this much memory at its peak so far. */
export type Word = {
  readonly n: number;
  readonly target: TargetName;
  readonly end?: {
    readonly ms: number;
    readonly peakMb: number;
    readonly wrong: string | undefined;
    readonly said: string;
  };
};

// Each run of steps listens for signals, as long as its process lives.
process.setMaxListeners(0);

const [seed, from, to] = process.argv.slice(2).map(Number) as [number, number, number];
const targets = new Map<TargetName, Target & Disposable>();
const tell = (word: Word): Promise<void> => new Promise((resolve) => process.send!(word, () => resolve()));
try {
  for (let n = from; n < to; n++) {
    const random = new Random(seed * 1_000_003 + n);
    const name = random.pick(SHARES);
    const target = targets.get(name) ?? (await TARGETS[name]());
    targets.set(name, target);
    await tell({n, target: name});
    const before = process.cpuUsage();
    const {wrong, said, ms: elsewhere = 0, peakMb: beside = 0} = await target.run(random);
    const {user, system} = process.cpuUsage(before);
    const ms = (user + system) / 1000 + elsewhere;
    const peakMb = Math.max(process.resourceUsage().maxRSS / 1024, beside);
    await tell({n, target: name, end: {ms, peakMb, wrong, said: wrong === undefined ? '' : said.slice(0, 2000)}});
  }
} finally {
  for (const target of targets.values()) target[Symbol.dispose]();
  process.disconnect();
}
