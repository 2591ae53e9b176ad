import {all, fail, ok, type Result} from '../base/issue.js';
import {isObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {descend, merge, type Located} from './located.js';
import {applySets} from './set.js';

/** The text that places in `--profile` point into: one name a line. */
export const PROFILE_FILE = '--profile';

/** The pipeline as written, with profiles and then `--set` laid over it, in their order. */
export function overlay(written: Located, profiles: readonly string[], sets: readonly string[]): Result<Located> {
  const declared = descend(written, 'profiles')?.value;
  const known = isObject(declared) ? Object.keys(declared) : [];
  const overlays = all(
    profiles.map((profile, n): Result<Located> => {
      const found = descend(written, 'profiles', profile);
      if (found && isObject(found.value)) return ok(found);
      return fail({
        code: 'unknown-profile',
        message: `there is no profile ${quoted(profile)}`,
        at: {file: PROFILE_FILE, line: n + 1, column: 1},
        hint: suggest(profile, known),
      });
    }),
  );
  const overlaid = applySets((overlays.ok ? overlays.value : []).reduce(merge, written), sets);
  if (overlays.ok) return overlaid;
  return {ok: false, issues: [...overlays.issues, ...(overlaid.ok ? [] : overlaid.issues)]};
}
