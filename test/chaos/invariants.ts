import {folderOf, tries, type Line, type Try} from './log.js';

/** A committed result. `folder` is `<stage>/<cell>-<key12>`. */
export type Committed = {
  readonly id: string;
  readonly folder: string;
  readonly attempt: number;
  /** When `result.json` was written. */
  readonly ns: bigint;
  readonly outputs: Readonly<Record<string, string>>;
};

export type Span = {readonly start: bigint; readonly end: bigint};

/** What a project shows when it is over. */
export type Evidence = {
  readonly lines: readonly Line[];
  readonly results: readonly Committed[];
  /** Folders that were seen under results/ when controllers were killed. */
  readonly seen: ReadonlySet<string>;
  /** `<stage>/<cell>-<key12>/<n>` of attempts that the project keeps as failed. */
  readonly failed: ReadonlySet<string>;
  /** Step to result folder, as the last run had it. */
  readonly final: ReadonlyMap<string, string>;
  /** From the start of each job to its end, as its exit record has them. */
  readonly spans: readonly Span[];
  readonly slots: number;
};

/** What an undisturbed run came to: step to result folder (so to key) and output digests. */
export type Reference = ReadonlyMap<
  string,
  {readonly folder: string; readonly outputs: Readonly<Record<string, string>>}
>;

/** Every way in which a project is not as if nothing had happened. */
export const violations = (evidence: Evidence, reference: Reference): string[] => [
  ...startedAfterCommit(evidence),
  ...twiceAtOnce(evidence),
  ...countedThoughKilled(evidence),
  ...tooManyAtOnce(evidence),
  ...vanished(evidence),
  ...differences(evidence, reference),
];

/** What is committed under a key is never started again. */
function startedAfterCommit({lines, results}: Evidence): string[] {
  const committed = new Map(results.map((result) => [result.folder, result]));
  return tries(lines).flatMap(({attempt, start}) => {
    const result = committed.get(folderOf(attempt));
    return result && start > result.ns ? [`${attempt} was started although ${result.folder} was committed`] : [];
  });
}

/** Seen by the kernel's locks, by the times in the log, and by attempts that were started twice. */
function twiceAtOnce({lines}: Evidence): string[] {
  const all = tries(lines);
  const found = lines
    .filter((line) => line.what === 'twice')
    .map(({attempt}) => `${attempt} started beside another process of its step`);
  for (const [attempt, same] of groups(all, ({attempt}) => attempt)) {
    if (same.length > 1) found.push(`${attempt} was started ${same.length} times`);
  }
  for (const same of groups(all, ({attempt}) => folderOf(attempt)).values()) {
    let last: Try | undefined;
    for (const one of same) {
      if (last?.end !== undefined && one.start < last.end) found.push(`${last.attempt} and ${one.attempt} overlap`);
      if (one.end !== undefined && (last?.end === undefined || one.end > last.end)) last = one;
    }
  }
  return found;
}

/** A result comes from one start that came to its end; a start that did not is kept as failed. */
function countedThoughKilled(evidence: Evidence): string[] {
  const {lines, results} = evidence;
  const all = tries(lines);
  const byAttempt = groups(all, ({attempt}) => attempt);
  const counted = results.flatMap(({folder, attempt}) => {
    const from = byAttempt.get(`${folder}/${attempt}`);
    if (!from) return [`${folder}: attempt ${attempt} was committed and never started`];
    return from.some(({end}) => end !== undefined) ? [] : [`${folder}: attempt ${attempt} was killed and counted`];
  });
  return [
    ...counted,
    ...unsettled(evidence).map((attempt) => `${attempt} was started, and is neither a result nor kept as failed`),
  ];
}

function unsettled({lines, results, failed}: Evidence): string[] {
  const settled = new Set([...results.map(({folder, attempt}) => `${folder}/${attempt}`), ...failed]);
  return [...new Set(tries(lines).map(({attempt}) => attempt))].filter((attempt) => !settled.has(attempt));
}

/** By what the steps wrote, and by the records that the jobs themselves left: a slot is held from start to end. */
const tooManyAtOnce = ({lines, spans, slots}: Evidence): string[] => [
  ...over(
    slots,
    tries(lines).flatMap(({start, end}) => (end === undefined ? [] : [{start, end}])),
    'commands',
  ),
  ...over(slots, spans, 'jobs'),
];

function over(slots: number, spans: readonly Span[], what: string): string[] {
  const changes = spans
    .flatMap(({start, end}) => [
      {ns: start, by: 1},
      {ns: end, by: -1},
    ])
    .sort((a, b) => (a.ns === b.ns ? a.by - b.by : a.ns < b.ns ? -1 : 1));
  let now = 0;
  let most = 0;
  for (const {by} of changes) most = Math.max(most, (now += by));
  return most > slots ? [`${most} ${what} at once on ${slots} slots`] : [];
}

function vanished({results, seen}: Evidence): string[] {
  const there = new Set(results.map(({folder}) => folder));
  return [...seen].filter((folder) => !there.has(folder)).map((folder) => `the result ${folder} is gone`);
}

function differences({results, final}: Evidence, reference: Reference): string[] {
  const byFolder = new Map(results.map((result) => [result.folder, result]));
  return [...reference].flatMap(([id, {folder, outputs}]) => {
    const last = final.get(id);
    if (last === undefined) return [`${id} is not done`];
    if (last !== folder) return [`${id} has another key than undisturbed: ${last}`];
    const mine = byFolder.get(last)?.outputs;
    return JSON.stringify(mine) === JSON.stringify(outputs) ? [] : [`${id} has other outputs than undisturbed`];
  });
}

function groups<T>(all: readonly T[], by: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) found.set(by(one), [...(found.get(by(one)) ?? []), one]);
  return found;
}
