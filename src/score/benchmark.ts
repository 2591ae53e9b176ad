/** Names that one benchmark goes by: `gpqa-main` here is `gpqamain` in the upstream repository and its leaderboard. */
const ALIASES: Readonly<Record<string, string>> = {
  healthbencheasy: 'healthbench',
  gpqa: 'gpqamain',
  arenahard: 'arenahardwriting',
};

const plain = (name: string): string => {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return Object.hasOwn(ALIASES, letters) ? ALIASES[letters]! : letters;
};

export const isSameBenchmark = (a: string, b: string): boolean => plain(a) === plain(b);

/** Where a benchmark stands in a list that may call it by another name. */
export function columnOf(benchmarks: readonly string[], benchmark: string): number | undefined {
  const n = benchmarks.findIndex((one) => isSameBenchmark(one, benchmark));
  return n < 0 ? undefined : n;
}

/** The same benchmarks, in whatever order. */
export const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((benchmark) => columnOf(b, benchmark) !== undefined);
