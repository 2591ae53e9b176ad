import {basename} from 'node:path';
import {all, fail, ok, type Issue, type Place, type Result} from '../base/issue.js';
import {asText, isObject, member, type Json, type JsonObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {descend, merge, placeOf, pointer, type Located} from './located.js';
import type {MatrixSettings, Pipeline} from './pipeline.js';
import type {Files} from './read.js';
import {schema} from './schemas.js';
import {checkShape} from './shape.js';

/** The fields behind every axis value: from the catalog, over those of the folder that `from` and `use` name. */
export function loadCatalog(source: Located, matrix: MatrixSettings, files: Files): Result<Pipeline['catalog']> {
  const declared = member(source.value, 'catalog');
  const issues: Issue[] = Object.keys(isObject(declared) ? declared : {})
    .filter((axis) => !matrix.axes.has(axis))
    .map((axis) => ({
      code: 'unknown-axis',
      message: `the catalog describes axis ${quoted(axis)}, which the matrix does not have`,
      at: placeOf(source, pointer('/catalog', axis), 'key'),
      hint: suggest(axis, [...matrix.axes.keys()]),
    }));
  const catalog = new Map<string, ReadonlyMap<string, JsonObject>>();
  for (const [axis, values] of matrix.axes) {
    const entries = member(declared, axis);
    const from = member(entries, 'from');
    if (typeof from === 'string' && !files.isFolder(from)) {
      issues.push({
        code: 'missing-file',
        message: `there is no folder ${quoted(files.shown(from))}`,
        at: placeOf(source, `/catalog/${axis}/from`),
        hint: suggest(from, files.list('').filter(files.isFolder)),
      });
      continue;
    }
    const positions = new Map(matrix.listed.get(axis)!.map((value, n) => [value, n]));
    const fields = all(
      values.map((value): Result<JsonObject> => {
        const at = placeOfValue(source, matrix, axis, value, positions.get(value));
        const entry = descend(source, 'catalog', axis, value);
        if (typeof from === 'string') return fieldsFrom(from, {axis, value, at, entry, source}, files);
        if (!isObject(entries)) return ok({use: value});
        if (entry) return ok({use: value, ...(entry.value as JsonObject)});
        const message = `the catalog of axis "${axis}" has no ${quoted(value)}`;
        return fail({code: 'unknown-value', message, at, hint: suggest(value, Object.keys(entries))});
      }),
    );
    if (fields.ok) catalog.set(axis, new Map(values.map((value, n) => [value, fields.value[n]!])));
    else issues.push(...fields.issues);
  }
  return issues.length > 0 ? {ok: false, issues} : ok(catalog);
}

/** Where the matrix names a value: in the axis' list, or in the first `include` that brings it. */
function placeOfValue(
  source: Located,
  matrix: MatrixSettings,
  axis: string,
  value: string,
  n: number | undefined,
): Place {
  if (n !== undefined) return placeOf(source, pointer(`/matrix/${axis}`, n));
  const included = matrix.include.findIndex(({where}) => where.get(axis)?.includes(value));
  return placeOf(source, pointer(pointer('/matrix/include', included), axis));
}

type Entry = {
  readonly axis: string;
  readonly value: string;
  /** Where the matrix names the value. */
  readonly at: Place;
  readonly entry: Located | undefined;
  readonly source: Located;
};

/** `agents/<use>/agent.yaml`: the file is named like its folder's folder, in the singular. */
function fieldsFrom(from: string, {axis, value, at, entry, source}: Entry, files: Files): Result<JsonObject> {
  const used: Json | undefined = member(entry?.value, 'use');
  const use = used === undefined ? value : asText(used);
  const kind = basename(from).replace(/s$/, '');
  const file = `${from}/${use}/${kind}.yaml`;
  if (!files.isFile(file)) {
    return fail({
      code: 'missing-file',
      message: `${axis} ${quoted(value)} needs ${files.shown(file)}, which does not exist`,
      at: used === undefined ? at : placeOf(source, `${pointer(`/catalog/${axis}`, value)}/use`),
      hint: suggest(
        use,
        files.list(from).filter((name) => files.isFile(`${from}/${name}/${kind}.yaml`)),
      ),
    });
  }
  const declared = files.yaml(file, at);
  if (!declared.ok) return declared;
  const merged = entry ? merge(declared.value, entry) : declared.value;
  const validate = schema(kind);
  const shaped = validate ? checkShape(merged, validate, file) : mapOnly(merged, file);
  return shaped.ok ? ok({...(merged.value as JsonObject), use}) : shaped;
}

const mapOnly = (document: Located, file: string): Result<Located> =>
  isObject(document.value)
    ? ok(document)
    : fail({
        code: 'bad-shape',
        message: `${file} must be a map`,
        at: placeOf(document, ''),
        hint: 'a map is written key: value',
      });
