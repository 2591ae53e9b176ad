import type {ErrorObject, ValidateFunction} from 'ajv';
import {fail, unless, type Issue, type Result} from '../base/issue.js';
import {asText, isObject, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {keysOf, placeOf, pointer, type Located} from './located.js';

/** Checks a document against a compiled schema; every deviation is an issue at its own place. */
export function checkShape(document: Located, validate: ValidateFunction, what: string): Result<Located> {
  if (validate(document.value)) return {ok: true, value: document};
  const errors = validate.errors ?? [];
  const required = errors.filter(({keyword, instancePath}) => keyword === 'required' && instancePath === '');
  if (isObject(document.value) && Object.keys(document.value).length === 0 && required.length > 0) {
    const keys = required.map(({params}) => (params as {missingProperty: string}).missingProperty);
    const hint = `it needs at least ${keys.join(' and ')}`;
    return fail({code: 'bad-shape', message: `${what} is empty`, at: placeOf(document, ''), hint});
  }
  const issues = errors
    .filter((error) => !isEcho(error, errors, document))
    .map((error) => issueOf(document, error, what));
  return unless(issues, () => document);
}

/**
 * ajv reports a deviation once more for each `anyOf`, `if` and `propertyNames` around it, and each branch of an `anyOf`
 * reports its own. The branches of our schemas differ in type: the one whose type fits says what is wrong.
 */
function isEcho(error: ErrorObject, errors: readonly ErrorObject[], document: Located): boolean {
  const {keyword, instancePath: path} = error;
  if (keyword === 'if' || keyword === 'propertyNames') return true;
  if (!errors.some((other) => other.keyword === 'anyOf' && other.instancePath === path)) return false;
  const isInside = (other: ErrorObject): boolean =>
    other.instancePath.startsWith(`${path}/`) ||
    (other.instancePath === path && ['required', 'additionalProperties', 'minItems'].includes(other.keyword));
  if (errors.some(isInside)) return !isInside(error);
  const isOfText = (other: ErrorObject): boolean =>
    typeof valueAt(document, path) === 'string' && ['enum', 'pattern'].includes(other.keyword);
  if (errors.some((other) => other.instancePath === path && isOfText(other))) return !isOfText(error);
  return keyword !== 'anyOf';
}

const dotted = (path: string, what: string): string => (path === '' ? what : keysOf(path).join('.'));

function issueOf(document: Located, error: ErrorObject, what: string): Issue {
  const path = error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  const parent = error.parentSchema as {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, {readonly description?: string}>>;
  };
  const subject = dotted(path, what);
  const value = valueAt(document, path);
  const at = placeOf(document, path);
  const described = parent.description === undefined ? {} : {hint: parent.description};
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      return {
        code: 'bad-shape',
        message: `${subject} has no setting ${quoted(key)}`,
        at: placeOf(document, pointer(path, key), 'key'),
        hint: suggest(key, Object.keys(parent.properties ?? {})),
      };
    }
    case 'required': {
      const key = String(params.missingProperty);
      const meaning = parent.properties?.[key]?.description;
      return {
        code: 'bad-shape',
        message: `${subject} lacks "${key}"`,
        at: placeOf(document, path, 'key'),
        hint: meaning === undefined ? `add ${key}: …` : `add ${key}: ${meaning}`,
      };
    }
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String);
      const given = asText(value);
      return {code: 'bad-value', message: `${subject} cannot be ${quoted(given)}`, at, hint: suggest(given, allowed)};
    }
    case 'pattern': {
      const key = error.propertyName;
      if (key === undefined) {
        return {code: 'bad-value', message: `${subject} cannot be ${quoted(asText(value))}`, at, ...described};
      }
      const place = placeOf(document, pointer(path, key), 'key');
      return {code: 'bad-value', message: `${quoted(key)} cannot be a name in ${subject}`, at: place, ...described};
    }
    case 'type':
      return {
        code: 'bad-shape',
        message: `${subject} must be ${wanted(params.type)}, not ${kindOf(value)}`,
        at,
        ...typeHint(value, params.type, parent.description),
      };
    case 'anyOf':
      return {code: 'bad-shape', message: `${subject} cannot be ${kindOf(value)}`, at, ...described};
    case 'minItems':
    case 'minProperties':
      return {
        code: 'bad-value',
        message: `${subject} is empty`,
        at,
        hint: parent.description ?? 'give it at least one value, or remove it',
      };
    case 'uniqueItems': {
      const second = Math.max(Number(params.i), Number(params.j));
      return {
        code: 'clash',
        message: `${subject} lists ${quoted(asText((value as readonly Json[])[second]))} twice`,
        at: placeOf(document, pointer(path, second)),
        hint: 'remove one of the two',
      };
    }
    case 'minimum':
    case 'maximum':
      return {
        code: 'bad-value',
        message: `${subject} cannot be ${asText(value)}`,
        at,
        hint: `${error.keyword === 'minimum' ? 'at least' : 'at most'} ${String(params.limit)}`,
      };
    default:
      return {code: 'bad-shape', message: `${subject} ${error.message ?? 'is wrong'}`, at};
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

const wanted = (types: unknown): string =>
  [types]
    .flat()
    .map((type) => TYPES[String(type)] ?? String(type))
    .join(' or ');

function kindOf(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'a map';
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  return typeof value === 'number' ? `the number ${value}` : asText(value);
}

function typeHint(value: Json, types: unknown, description: string | undefined): {readonly hint?: string} {
  if (types === 'boolean' && typeof value === 'string' && /^(?:yes|no|on|off|y|n)$/i.test(value)) {
    return {hint: 'YAML 1.2 reads yes, no, on and off as texts; write true or false'};
  }
  if (description !== undefined) return {hint: description};
  if ([types].flat().includes('string') && ['number', 'boolean'].includes(typeof value)) {
    return {hint: `put it in quotes: "${asText(value)}"`};
  }
  return {};
}

function valueAt(document: Located, path: string): Json {
  let node: unknown = document.value;
  for (const key of keysOf(path)) node = (node as Record<string, unknown>)[key];
  return node as Json;
}
