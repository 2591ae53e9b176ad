import {all, fail, ok, type Place, type Result} from '../base/issue.js';
import {suggest} from '../base/suggest.js';
import type {Pattern, Pipeline} from '../config/pipeline.js';
import type {Rerun} from '../plan/plan.js';

/** The name under which a flag's texts are shown; one text a line. */
export const ONLY_FILE = '--only';
export const RERUN_FILE = '--rerun';
export const UNTIL_FILE = '--until';

/** `axis=v1,v2`, one pattern per flag. */
export const parseOnly = (pipeline: Pipeline, texts: readonly string[]): Result<Pattern[]> =>
  all(texts.map((text, n) => parsePattern(pipeline, [text], {file: ONLY_FILE, line: n + 1, column: 1})));

function parsePattern(pipeline: Pipeline, terms: readonly string[], at: Place): Result<Pattern> {
  const where = new Map<string, readonly string[]>();
  for (const term of terms) {
    const [axis = '', list] = split(term, '=');
    const known = pipeline.matrix.axes.get(axis);
    if (list === undefined || !known) {
      return fail({
        code: 'unknown-axis',
        message: list === undefined ? `"${term}" is not axis=value` : `there is no axis "${axis}"`,
        at,
        hint: suggest(axis, [...pipeline.matrix.axes.keys()]),
      });
    }
    const values = list.split(',');
    const unknown = values.find((value) => !known.includes(value));
    if (unknown !== undefined) {
      return fail({
        code: 'unknown-value',
        message: `axis "${axis}" has no value "${unknown}"`,
        at,
        hint: suggest(unknown, known),
      });
    }
    where.set(axis, values);
  }
  return ok({where, at});
}

/** `STAGE` or `STAGE:axis=value,axis=value`; any of several. */
export function parseRerun(pipeline: Pipeline, texts: readonly string[]): Result<Rerun> {
  const wanted = all(
    texts.map((text, n): Result<{readonly stage: string; readonly pattern: Pattern}> => {
      const at = {file: RERUN_FILE, line: n + 1, column: 1};
      const [stage = '', axes] = split(text, ':');
      const known = checkStage(pipeline, stage, at);
      if (!known.ok) return known;
      const pattern = parsePattern(pipeline, axes === undefined ? [] : axes.split(/,(?=[a-z][a-z0-9-]*=)/), at);
      return pattern.ok ? ok({stage, pattern: pattern.value}) : pattern;
    }),
  );
  if (!wanted.ok) return wanted;
  return ok((step) =>
    wanted.value.some(
      ({stage, pattern}) =>
        stage === step.stage.name &&
        [...pattern.where].every(([axis, values]) => step.at[axis] === undefined || values.includes(step.at[axis])),
    ),
  );
}

export function checkStage(pipeline: Pipeline, name: string, at: Place): Result<string> {
  const known = pipeline.stages.map((stage) => stage.name);
  if (known.includes(name)) return ok(name);
  return fail({code: 'unknown-stage', message: `there is no stage "${name}"`, at, hint: suggest(name, known)});
}

const split = (text: string, mark: string): [string, string?] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};
