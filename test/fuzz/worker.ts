// Runs the cases that it is told to, one after the other. Its parent hears of each begin and each end, and ends it when one hangs.
import {Random} from './random.js';
import {SHARES, TARGETS, type TargetName} from './targets.js';

/** Of one case: it begins, or how it ended, after these milliseconds of processor time. */
export type Word = {
  readonly n: number;
  readonly target: TargetName;
  readonly end?: {readonly ms: number; readonly wrong: string | undefined; readonly said: string};
};

const [seed, from, to] = process.argv.slice(2).map(Number) as [number, number, number];
const targets = new Map(Object.entries(TARGETS).map(([name, make]) => [name as TargetName, make()]));
const tell = (word: Word): Promise<void> => new Promise((resolve) => process.send!(word, () => resolve()));
try {
  for (let n = from; n < to; n++) {
    const random = new Random(seed * 1_000_003 + n);
    const target = random.pick(SHARES);
    await tell({n, target});
    const before = process.cpuUsage();
    const {wrong, said} = await targets.get(target)!.run(random);
    const {user, system} = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    await tell({n, target, end: {ms, wrong, said: wrong === undefined ? '' : said.slice(0, 2000)}});
  }
} finally {
  for (const target of targets.values()) target[Symbol.dispose]();
  process.disconnect();
}
