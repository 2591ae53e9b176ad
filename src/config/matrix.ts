import {all, fail, ok, type Issue, type Result} from '../base/issue.js';
import {isObject, type Json} from '../base/json.js';
import {suggest} from '../base/suggest.js';
import {placeOf, pointer, type Located} from './located.js';
import type {MatrixSettings, Pattern} from './pipeline.js';

export function matrixOf(source: Located): Result<MatrixSettings> {
  const matrix = (source.value as {matrix: {readonly [key: string]: Json}}).matrix;
  const axes = new Map<string, string[]>();
  const issues: Issue[] = [];
  for (const [axis, values] of Object.entries(matrix)) {
    if (axis === 'include' || axis === 'exclude') continue;
    const texts = (values as readonly Json[]).map(String);
    texts.forEach((text, n) => {
      if (texts.indexOf(text) === n) return;
      const at = placeOf(source, pointer(`/matrix/${axis}`, n));
      issues.push({code: 'clash', message: `axis "${axis}" lists "${text}" twice`, at});
    });
    axes.set(axis, texts);
  }
  if (axes.size === 0) {
    const at = placeOf(source, '/matrix', 'key');
    issues.push({code: 'empty-matrix', message: 'the matrix has no axis', at, hint: 'for instance agent: [codex-5-1]'});
  }
  if (issues.length > 0) return {ok: false, issues};

  const listed = new Map([...axes].map(([axis, values]) => [axis, [...values]]));
  const include = patterns(source, 'include', matrix.include, axes, 'new-values');
  if (!include.ok) return include;
  for (const {where} of include.value) {
    for (const [axis, values] of where) {
      const known = axes.get(axis)!;
      known.push(...values.filter((value) => !known.includes(value)));
    }
  }
  const exclude = patterns(source, 'exclude', matrix.exclude, axes, 'known-values');
  return exclude.ok ? ok({listed, axes, include: include.value, exclude: exclude.value}) : exclude;
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
        const texts = (Array.isArray(wanted) ? (wanted as Json[]) : [wanted]).map(String);
        if (!known) {
          issues.push({
            code: 'unknown-axis',
            message: `${key} names axis "${axis}", which the matrix does not have`,
            at: placeOf(source, pointer(path, axis), 'key'),
            hint: suggest(axis, [...axes.keys()]),
          });
          continue;
        }
        for (const text of admit === 'known-values' ? texts : []) {
          if (known.includes(text)) continue;
          issues.push({
            code: 'unknown-value',
            message: `axis "${axis}" has no value "${text}"`,
            at: placeOf(source, pointer(path, axis)),
            hint: suggest(text, known),
          });
        }
        where.set(axis, texts);
      }
      return issues.length > 0 ? fail(...issues) : ok({where, at: placeOf(source, path)});
    }),
  );
}
