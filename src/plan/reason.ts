import {isObject, member, type Json} from '../base/json.js';
import {byCodeUnit} from '../base/canonical.js';
import {unreachable} from '../base/unreachable.js';

/** Why a step runs, made where the decision is made. */
export type Reason =
  | {readonly kind: 'never-ran'}
  /** It ran before, under another key document: the dotted paths that differ. */
  | {readonly kind: 'changed'; readonly paths: readonly string[]}
  | {readonly kind: 'asked-for'}
  | {readonly kind: 'failed-before'; readonly attempts: number; readonly because: string}
  /** An attempt that no controller has settled yet: still running, or ended meanwhile. */
  | {readonly kind: 'unsettled'; readonly attempt: number};

/** One place at which two documents differ; a side that has nothing there is undefined. */
export type Difference = {
  readonly path: readonly string[];
  readonly before: Json | undefined;
  readonly after: Json | undefined;
};

export function differences(before: Json | undefined, after: Json | undefined, path: string[] = []): Difference[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys]
      .sort(byCodeUnit)
      .flatMap((key) => differences(member(before, key), member(after, key), [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{path, before, after}];
  return Object.is(before, after) ? [] : [{path, before, after}];
}

/** Dotted paths at which two key documents differ, e.g. `files.evals/gsm8k/evaluate.py`. */
export const changedPaths = (before: Json, after: Json): string[] =>
  differences(before, after).map(({path}) => path.join('.'));

export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'never-ran':
      return 'never ran';
    case 'changed': {
      const shown = reason.paths.slice(0, 3).join(', ');
      return `changed: ${shown}${reason.paths.length > 3 ? ` and ${reason.paths.length - 3} more` : ''}`;
    }
    case 'asked-for':
      return 'asked for with --rerun';
    case 'failed-before':
      return `failed before (${reason.attempts} ${reason.attempts === 1 ? 'attempt' : 'attempts'}; ${reason.because})`;
    case 'unsettled':
      return `attempt ${reason.attempt} is under way`;
    default:
      return unreachable(reason);
  }
}
