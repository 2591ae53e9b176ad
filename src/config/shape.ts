import type {ErrorObject, ValidateFunction} from 'ajv';
import {unless, type Issue, type Result} from '../base/issue.js';
import {suggest} from '../base/suggest.js';
import {placeOf, pointer, type Located} from './located.js';

/** Checks a document against a compiled schema; every deviation is an issue at its own place. */
export function checkShape(document: Located, validate: ValidateFunction, what: string): Result<Located> {
  if (validate(document.value)) return {ok: true, value: document};
  const errors = validate.errors ?? [];
  const seen = new Set<string>();
  const issues = errors
    .filter((error) => !isEcho(error, errors))
    .map((error) => issueOf(document, error, what))
    .filter((issue) => {
      const id = `${issue.at.file}:${issue.at.line}:${issue.at.column}:${issue.message}`;
      return !seen.has(id) && seen.add(id);
    });
  return unless(issues, () => document);
}

/** ajv repeats a failed branch as the failure of `anyOf`, `if` and `propertyNames`; the branch itself says more. */
const isEcho = (error: ErrorObject, errors: readonly ErrorObject[]): boolean =>
  error.keyword === 'if' ||
  error.keyword === 'propertyNames' ||
  (error.keyword === 'type' &&
    errors.some((other) => other.keyword === 'anyOf' && other.instancePath === error.instancePath)) ||
  (error.keyword === 'anyOf' &&
    errors.some(
      (other) =>
        other.keyword !== 'type' && other.keyword !== 'anyOf' && other.instancePath.startsWith(error.instancePath),
    ));

const name = (path: string): string => {
  const last = path.split('/').slice(1).at(-1);
  return last === undefined ? '' : last.replaceAll('~1', '/').replaceAll('~0', '~');
};

const dotted = (path: string): string => path.split('/').slice(1).join('.') || 'the document';

function issueOf(document: Located, error: ErrorObject, what: string): Issue {
  const path = error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  const value = (at: string = path) => placeOf(document, at);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys((error.parentSchema as {properties?: object}).properties ?? {});
      return {
        code: 'bad-shape',
        message: `${path === '' ? what : dotted(path)} has no setting "${key}"`,
        at: placeOf(document, pointer(path, key), 'key'),
        hint: suggest(key, known),
      };
    }
    case 'required':
      return {
        code: 'bad-shape',
        message: `${path === '' ? what : dotted(path)} lacks "${String(params.missingProperty)}"`,
        at: placeOf(document, path, 'key'),
      };
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String);
      const given = String(valueAt(document, path));
      return {
        code: 'bad-value',
        message: `${dotted(path)} cannot be "${given}"`,
        at: value(),
        hint: suggest(given, allowed),
      };
    }
    case 'pattern': {
      const described = (error.parentSchema as {description?: string}).description;
      const key = error.propertyName;
      return {
        code: 'bad-value',
        message: `"${shorten(key ?? String(valueAt(document, path)))}" cannot be ${key === undefined ? dotted(path) : `a name in ${dotted(path)}`}`,
        at: key === undefined ? value() : placeOf(document, pointer(path, key), 'key'),
        ...(described === undefined ? {} : {hint: described}),
      };
    }
    case 'anyOf':
    case 'type': {
      const described = (error.parentSchema as {description?: string}).description;
      const wanted = error.keyword === 'type' ? ` must be ${article(String(params.type))}` : ' has the wrong type';
      return {
        code: 'bad-shape',
        message: `${name(path) === '' ? what : dotted(path)}${wanted}`,
        at: value(),
        ...(described === undefined ? {} : {hint: described}),
      };
    }
    case 'minItems':
      return {
        code: 'bad-value',
        message: `${dotted(path)} is empty`,
        at: value(),
        hint: 'give it at least one value, or remove it',
      };
    case 'uniqueItems':
      return {
        code: 'bad-value',
        message: `${dotted(path)} lists a value twice (items ${Number(params.j) + 1} and ${Number(params.i) + 1})`,
        at: placeOf(document, pointer(path, Math.max(Number(params.i), Number(params.j)))),
      };
    default:
      return {code: 'bad-shape', message: `${dotted(path)} ${error.message ?? 'is wrong'}`, at: value()};
  }
}

const article = (types: string): string =>
  types
    .split(',')
    .map((type) => ({object: 'a map', array: 'a list', string: 'text', number: 'a number'})[type] ?? `a ${type}`)
    .join(' or ');

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

function valueAt(document: Located, path: string): unknown {
  let node: unknown = document.value;
  for (const key of path.split('/').slice(1)) {
    node = (node as Record<string, unknown>)[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return node;
}
