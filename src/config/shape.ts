import type {ErrorObject, ValidateFunction} from 'ajv';
import {unless, type Issue, type Result} from '../base/issue.js';
import {asText, isObject, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {keysOf, placeOf, pointer, type Located} from './located.js';

/** A deviation from a schema, and the node that it is about. */
export type Deviation = {readonly path: string; readonly issue: Issue};

/** Checks a document against a compiled schema; every deviation is an issue at its own place. */
export function checkShape(document: Located, validate: ValidateFunction, what: string): Result<Located> {
  const issues = deviations(document, validate, what).map(({issue}) => issue);
  return unless(issues, () => document);
}

export function deviations(document: Located, validate: ValidateFunction, what: string): Deviation[] {
  if (validate(document.value)) return [];
  const errors = validate.errors ?? [];
  const required = errors.filter(({keyword, instancePath}) => keyword === 'required' && instancePath === '');
  if (isObject(document.value) && Object.keys(document.value).length === 0 && required.length > 0) {
    const keys = required.map(({params}) => (params as {missingProperty: string}).missingProperty);
    const hint = `it needs at least ${keys.join(' and ')}`;
    return [{path: '', issue: {code: 'bad-shape', message: `${what} is empty`, at: placeOf(document, ''), hint}}];
  }
  return withoutEchoes(errors, document).map((error) => ({
    path: error.instancePath,
    issue: issueOf(document, error, what),
  }));
}

/**
 * ajv reports a deviation once more for each `anyOf`, `if` and `propertyNames` around it, and each branch of an `anyOf`
 * reports its own. The branches of our schemas differ in type: the one whose type fits says what is wrong. And a
 * misspelt setting is reported as unknown, so not as missing as well.
 */
function withoutEchoes(errors: readonly ErrorObject[], document: Located): ErrorObject[] {
  let kept = errors.filter(({keyword}) => keyword !== 'if' && keyword !== 'propertyNames');
  for (const {instancePath: path} of kept.filter(({keyword}) => keyword === 'anyOf')) {
    const around = kept.filter((error) => error.instancePath === path || error.instancePath.startsWith(`${path}/`));
    const inside = around.filter(
      ({keyword, instancePath}) =>
        instancePath !== path || ['required', 'additionalProperties', 'minItems'].includes(keyword),
    );
    const ofText = around.filter(({keyword}) => keyword === 'enum' || keyword === 'pattern');
    const isText = typeof valueAt(document, path) === 'string';
    const told =
      inside.length > 0
        ? inside
        : isText && ofText.length > 0
          ? ofText
          : around.filter(({keyword}) => keyword === 'anyOf');
    const echoes = new Set(around.filter((error) => !told.includes(error)));
    kept = kept.filter((error) => !echoes.has(error));
  }
  const meant = new Set(
    kept
      .filter(({keyword}) => keyword === 'additionalProperties')
      .map((error) => `${error.instancePath} ${suggest(unknownKey(error), knownKeys(error))}`),
  );
  return kept.filter((error) => {
    if (error.keyword !== 'required') return true;
    const {missingProperty} = error.params as {missingProperty: string};
    return !meant.has(`${error.instancePath} did you mean "${missingProperty}"?`);
  });
}

const unknownKey = (error: ErrorObject): string => (error.params as {additionalProperty: string}).additionalProperty;

const knownKeys = (error: ErrorObject): string[] =>
  Object.keys((error.parentSchema as {readonly properties?: object}).properties ?? {});

/** A JSON pointer as a person writes it: `matrix.model[0]`. */
function dotted(document: Located, path: string, what: string): string {
  let node: Json | undefined = document.value;
  let text = '';
  for (const key of keysOf(path)) {
    text += Array.isArray(node) ? `[${key}]` : text === '' ? key : `.${key}`;
    node = (node as Record<string, Json>)[key];
  }
  return text === '' ? what : text;
}

function issueOf(document: Located, error: ErrorObject, what: string): Issue {
  const path = error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  const parent = error.parentSchema as {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, {readonly description?: string}>>;
  };
  const subject = dotted(document, path, what);
  const value = valueAt(document, path);
  const at = placeOf(document, path);
  const described = parent.description === undefined ? {} : {hint: parent.description};
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = unknownKey(error);
      return {
        code: 'bad-shape',
        message: `${subject} has no setting ${quoted(key)}`,
        at: placeOf(document, pointer(path, key), 'key'),
        hint: suggest(key, knownKeys(error)),
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
        message:
          value === null
            ? `${subject} is empty, and must be ${wanted(params.type)}`
            : `${subject} must be ${wanted(params.type)}, not ${kindOf(value)}`,
        at,
        hint: typeHint(value, params.type, parent.description, Object.keys(parent.properties ?? {})),
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
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'a map';
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  return typeof value === 'number' ? `the number ${value}` : asText(value);
}

function typeHint(value: Json, types: unknown, description: string | undefined, keys: readonly string[]): string {
  const wants = (type: string): boolean => [types].flat().includes(type);
  if (wants('boolean') && typeof value === 'string' && /^(?:yes|no|on|off|y|n)$/i.test(value)) {
    return 'YAML 1.2 reads yes, no, on and off as texts; write true or false';
  }
  if (description !== undefined) return description;
  if (wants('string') && value !== null && typeof value !== 'object') return `put it in quotes: "${asText(value)}"`;
  if (wants('array') && value !== null && typeof value !== 'object') return `write it as a list: [${asText(value)}]`;
  if (wants('object')) return keys.length > 0 ? `its settings: ${keys.join(', ')}` : 'a map is written key: value';
  return wants('boolean') ? 'true or false' : 'a number, without a unit';
}

function valueAt(document: Located, path: string): Json {
  let node: unknown = document.value;
  for (const key of keysOf(path)) node = (node as Record<string, unknown>)[key];
  return node as Json;
}
