import {all, fail, ok, type Issue, type Place, type Result} from '../base/issue.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import type {Pattern, Pipeline} from '../config/pipeline.js';
import type {Stage} from '../config/stage.js';
import type {Rerun} from '../plan/plan.js';

/** The name under which a flag's texts are shown; one text a line. */
export const ONLY_FILE = '--only';
export const RERUN_FILE = '--rerun';
export const UNTIL_FILE = '--until';

/** `axis=v1,v2`, one pattern per flag. */
export const parseOnly = (pipeline: Pipeline, texts: readonly string[]): Result<Pattern[]> =>
  all(
    texts.map((text, n) => {
      const at = {file: ONLY_FILE, line: n + 1, column: 1};
      return parsePattern(pipeline, [{text, at}], at);
    }),
  );

type Term = {readonly text: string; readonly at: Place};

function parsePattern(pipeline: Pipeline, terms: readonly Term[], at: Place): Result<Pattern> {
  const {axes} = pipeline.matrix;
  const where = new Map<string, readonly string[]>();
  const issues: Issue[] = [];
  for (const term of terms) {
    const [axis, list] = split(term.text, '=');
    const known = axes.get(axis);
    if (list === undefined) {
      const [example, values] = known ? [axis, known] : [...axes][0]!;
      const hint = `for instance ${example}=${values.slice(0, 2).join(',')}`;
      issues.push({code: 'bad-value', message: `${quoted(term.text)} is not axis=value`, at: term.at, hint});
      continue;
    }
    if (!known) {
      const message = `there is no axis ${quoted(axis)}`;
      issues.push({code: 'unknown-axis', message, at: term.at, hint: suggest(axis, [...axes.keys()])});
      continue;
    }
    let column = term.at.column + axis.length + 1;
    const values = list.split(',');
    for (const value of values) {
      if (!known.includes(value)) {
        const other = axes.has(value.split('=')[0]!) && value.includes('=');
        issues.push({
          code: 'unknown-value',
          message: `axis "${axis}" has no value ${quoted(value)}`,
          at: {...term.at, column},
          hint: other ? `repeat the flag for another axis: ${ONLY_FILE} ${value}` : suggest(value, known),
        });
      }
      column += value.length + 1;
    }
    where.set(axis, values);
  }
  return issues.length > 0 ? {ok: false, issues} : ok({where, at});
}

/** `STAGE` or `STAGE:axis=value,axis=value`; any of several. */
export function parseRerun(pipeline: Pipeline, texts: readonly string[]): Result<Rerun> {
  const wanted = all(
    texts.map((text, n): Result<{readonly stage: string; readonly pattern: Pattern}> => {
      const at = {file: RERUN_FILE, line: n + 1, column: 1};
      const [name, axes] = split(text, ':');
      const known = checkStage(pipeline, name, at);
      if (!known.ok) return known;
      const terms = axes === undefined ? [] : termsOf(axes, {...at, column: name.length + 2});
      const pattern = parsePattern(pipeline, terms, at);
      if (!pattern.ok) return pattern;
      const stage = pipeline.stages.find((one) => one.name === name)!;
      const foreign = terms.filter((term) => !stage.for.includes(split(term.text, '=')[0]));
      if (foreign.length > 0) return fail(...foreign.map((term) => notFor(stage, term)));
      return ok({stage: name, pattern: pattern.value});
    }),
  );
  if (!wanted.ok) return wanted;
  return ok((step) =>
    wanted.value.some(
      ({stage, pattern}) =>
        stage === step.stage.name && [...pattern.where].every(([axis, values]) => values.includes(step.at[axis]!)),
    ),
  );
}

/** `a=1,2,b=3` at its commas, but for those between values. */
function termsOf(text: string, at: Place): Term[] {
  let {column} = at;
  return text.split(/,(?=[a-z][a-z0-9-]*=)/).map((term) => {
    const place = {...at, column};
    column += term.length + 1;
    return {text: term, at: place};
  });
}

const notFor = (stage: Stage, {text, at}: Term): Issue => ({
  code: 'unknown-axis',
  message: `stage "${stage.name}" is not for axis "${split(text, '=')[0]}"`,
  at,
  hint: stage.for.length > 0 ? `its axes: ${stage.for.join(', ')}` : `it has one step: --rerun ${stage.name}`,
});

export function checkStage(pipeline: Pipeline, name: string, at: Place): Result<string> {
  const known = pipeline.stages.map((stage) => stage.name);
  if (known.includes(name)) return ok(name);
  return fail({code: 'unknown-stage', message: `there is no stage ${quoted(name)}`, at, hint: suggest(name, known)});
}

const split = (text: string, mark: string): [string, string?] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};
