/** A position in a text that the user wrote: 1-based line and column. `file` is what the message shows. */
export type Place = {readonly file: string; readonly line: number; readonly column: number};

/** A mistake in the user's input: what, where, and a way out. */
export type Issue = {
  readonly code: IssueCode;
  readonly message: string;
  readonly at: Place;
  readonly hint?: string;
  /** Other lines that belong to the mistake, e.g. the `needs` that close a cycle. */
  readonly see?: readonly {readonly at: Place; readonly message: string}[];
};

export type IssueCode =
  | 'bad-yaml'
  | 'bad-shape'
  | 'bad-value'
  | 'unknown-axis'
  | 'unknown-value'
  | 'unknown-stage'
  | 'unknown-profile'
  | 'unknown-look-up'
  | 'missing-file'
  | 'cycle'
  | 'empty-matrix'
  | 'clash';

export type Result<T> =
  {readonly ok: true; readonly value: T} | {readonly ok: false; readonly issues: readonly Issue[]};

export const ok = <T>(value: T): Result<T> => ({ok: true, value});
export const fail = (...issues: readonly Issue[]): Result<never> => ({ok: false, issues});

/** All values, or every issue of every failure. */
export function all<T>(results: readonly Result<T>[]): Result<T[]> {
  const issues = results.flatMap((result) => (result.ok ? [] : result.issues));
  return issues.length > 0 ? {ok: false, issues} : ok(results.flatMap((result) => (result.ok ? [result.value] : [])));
}

/** Many steps stumble over the same word of their stage: it is one mistake. */
export function onePerPlace(issues: readonly Issue[]): Issue[] {
  const places = new Map<string, Issue[]>();
  for (const issue of issues) {
    const place = `${issue.at.file}:${issue.at.line}:${issue.at.column}`;
    const same = places.get(place);
    if (same) same.push(issue);
    else places.set(place, [issue]);
  }
  return [...places.values()].map((same) => {
    const first = same[0]!;
    const others = new Set(same.map(({message}) => message)).size - 1;
    return others === 0 ? first : {...first, message: `${first.message} (and ${others} more like this)`};
  });
}

/** `value` when nothing was found wrong. */
export const unless = <T>(issues: readonly Issue[], value: () => T): Result<T> =>
  issues.length > 0 ? {ok: false, issues} : ok(value());
