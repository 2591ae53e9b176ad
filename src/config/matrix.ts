import {all, fail, ok, type Issue, type Result} from '../base/issue.js';
import {isObject, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {placeOf, pointer, type Located} from './located.js';
import type {MatrixSettings, Pattern} from './pipeline.js';

/** Beyond this a matrix is a slip of the pen, and would fill the memory before it fills a cluster. */
const MAX_CELLS = 250_000;

/** Axes whose parameter would take the place of a variable that every script has: $PTB_OUT, $PTB_IN_FETCH, … */
const RESERVED = /^(?:out|step|files|clean|deadline|cache|pins|(?:in|expose)(?:-.*)?)$/;

export function matrixOf(source: Located): Result<MatrixSettings> {
  const matrix = (source.value as {matrix: {readonly [key: string]: Json}}).matrix;
  const axes = new Map<string, string[]>();
  const issues: Issue[] = [];
  for (const [axis, values] of Object.entries(matrix)) {
    if (axis === 'include' || axis === 'exclude') continue;
    if (RESERVED.test(axis)) {
      const at = placeOf(source, pointer('/matrix', axis), 'key');
      const variable = `$PTB_${axis.toUpperCase().replaceAll('-', '_')}`;
      issues.push({code: 'clash', message: `axis "${axis}" would hide ${variable}`, at, hint: 'choose another name'});
    }
    const texts = (values as readonly Json[]).map(String);
    const seen = new Set<string>();
    texts.forEach((text, n) => {
      if (seen.has(text)) {
        issues.push({
          code: 'clash',
          message: `matrix.${axis} lists ${quoted(text)} twice`,
          at: placeOf(source, pointer(`/matrix/${axis}`, n)),
          hint: 'remove one of the two',
        });
      }
      seen.add(text);
    });
    axes.set(axis, texts);
  }
  if (axes.size === 0) {
    const at = placeOf(source, '/matrix', 'key');
    issues.push({code: 'empty-matrix', message: 'the matrix has no axis', at, hint: 'for instance hours: [1, 2, 5]'});
  }

  const listed = new Map([...axes].map(([axis, values]) => [axis, [...values]]));
  const include = patterns(source, 'include', matrix.include, axes, 'new-values');
  for (const {where} of include.ok ? include.value : []) {
    for (const [axis, values] of where) {
      const known = axes.get(axis)!;
      for (const value of values) if (!known.includes(value)) known.push(value);
    }
  }
  const exclude = patterns(source, 'exclude', matrix.exclude, axes, 'known-values');
  if (issues.length > 0 || !include.ok || !exclude.ok) {
    return {ok: false, issues: [...issues, ...[include, exclude].flatMap((part) => (part.ok ? [] : part.issues))]};
  }
  const size = [...listed.values()].reduce((cells, values) => cells * values.length, 1);
  if (size > MAX_CELLS) {
    return fail({
      code: 'bad-value',
      message: `the matrix has ${size.toLocaleString('en')} cells`,
      at: placeOf(source, '/matrix', 'key'),
      hint: `at most ${MAX_CELLS.toLocaleString('en')}; list fewer values`,
    });
  }
  return ok({listed, axes, include: include.value, exclude: exclude.value});
}

function patterns(
  source: Located,
  key: 'include' | 'exclude',
  value: Json | undefined,
  axes: ReadonlyMap<string, readonly string[]>,
  admit: 'known-values' | 'new-values',
): Result<Pattern[]> {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  return all(
    items.map((item, n): Result<Pattern> => {
      const path = pointer(`/matrix/${key}`, n);
      const issues: Issue[] = [];
      const where = new Map<string, readonly string[]>();
      for (const [axis, wanted] of Object.entries(isObject(item) ? item : {})) {
        const known = axes.get(axis);
        const place = pointer(path, axis);
        if (!known) {
          issues.push({
            code: 'unknown-axis',
            message: `${key} names axis ${quoted(axis)}, which the matrix does not have`,
            at: placeOf(source, place, 'key'),
            hint: suggest(axis, [...axes.keys()]),
          });
          continue;
        }
        const texts = (Array.isArray(wanted) ? (wanted as Json[]) : [wanted]).map(String);
        texts.forEach((text, m) => {
          if (admit === 'new-values' || known.includes(text)) return;
          issues.push({
            code: 'unknown-value',
            message: `axis "${axis}" has no value ${quoted(text)}`,
            at: placeOf(source, Array.isArray(wanted) ? pointer(place, m) : place),
            hint: suggest(text, known),
          });
        });
        where.set(axis, texts);
      }
      return issues.length > 0 ? fail(...issues) : ok({where, at: placeOf(source, path)});
    }),
  );
}
