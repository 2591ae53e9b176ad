import {isObject, type Json, type JsonObject} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';

/** What `${{ }}` can see: a step's axis values with their catalog fields, and the pipeline's settings. */
export type Scope = {
  readonly axes: Pick<ReadonlyMap<string, {readonly value: string; readonly fields: JsonObject}>, 'get' | 'keys'>;
  readonly settings: JsonObject;
  /** What the lock says, by name. */
  readonly pins: ReadonlyMap<string, string>;
  /** All axes of the pipeline, to tell "not an axis of this stage" from "no such thing". */
  readonly allAxes: readonly string[];
};

/** `offset` is where in the text the mistake begins. */
export type Unknown = {
  readonly kind: 'unknown';
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
};

export type Found =
  | {readonly kind: 'found'; readonly value: Json}
  /** Absent, and the path ended with `?`. */
  | {readonly kind: 'absent'}
  | Unknown;

const PATH = /^[A-Za-z][\w-]*(?:\.[\w-]+)*\??$/;

/** Resolves `axis`, `axis.field`, `setting.key`, each with an optional `?` at its end. */
export function lookUp(path: string, scope: Scope): Found {
  if (!PATH.test(path)) {
    const message = `${quoted(path)} is not a look-up`;
    return {kind: 'unknown', message, hint: 'it is a name such as hours or model.base, never an expression', offset: 0};
  }
  const optional = path.endsWith('?');
  const [first, ...rest] = (optional ? path.slice(0, -1) : path).split('.') as [string, ...string[]];
  const axis = scope.axes.get(first);
  if (axis && rest.length === 0) return {kind: 'found', value: axis.value};
  if (!axis && scope.allAxes.includes(first)) {
    return {
      kind: 'unknown',
      message: `this stage is not for axis "${first}"`,
      hint: `add ${first} to its "for"`,
      offset: 0,
    };
  }
  if (!axis && !Object.hasOwn(scope.settings, first)) {
    if (optional) return {kind: 'absent'};
    const known = [...scope.axes.keys(), ...Object.keys(scope.settings)];
    const message = `there is no axis or setting ${quoted(first)}`;
    return {kind: 'unknown', message, hint: suggest(first, known), offset: 0};
  }
  let node: Json = axis ? axis.fields : scope.settings[first]!;
  let at = axis ? `${first} "${axis.value}"` : first;
  let offset = first.length + 1;
  for (const key of rest) {
    if (!isObject(node) || !Object.hasOwn(node, key)) {
      if (optional) return {kind: 'absent'};
      const hint = isObject(node) ? suggest(key, Object.keys(node)) : `${at} is no map`;
      return {kind: 'unknown', message: `${at} has no ${quoted(key)}`, hint, offset};
    }
    node = node[key]!;
    at = `${at}.${key}`;
    offset += key.length + 1;
  }
  return {kind: 'found', value: node};
}

const PATTERN = /\$\{\{\s*(.*?)\s*\}\}/g;

export type Expanded = {readonly kind: 'texts'; readonly texts: readonly string[]} | Unknown;

/**
 * A text with its look-ups filled in. A list fills in once per element; an absent optional look-up drops the text.
 * So the answer is a list, of one text where nothing special stands in it.
 */
export function expand(template: string, scope: Scope): Expanded {
  let texts: string[] = [''];
  let from = 0;
  for (const match of template.matchAll(PATTERN)) {
    const path = match[1]!;
    const offset = match.index + match[0].indexOf(path, 3);
    const found = lookUp(path, scope);
    if (found.kind === 'unknown') return {...found, offset: offset + found.offset};
    if (found.kind === 'absent') return {kind: 'texts', texts: []};
    const values = scalars(found.value);
    if (values === undefined) {
      return {kind: 'unknown', message: `${path} is a map, not a text`, hint: 'name one of its fields', offset};
    }
    const before = template.slice(from, match.index);
    texts = texts.flatMap((text) => values.map((value) => `${text}${before}${value}`));
    from = match.index + match[0].length;
  }
  const rest = template.slice(from);
  const open = rest.indexOf('${{');
  if (open >= 0) {
    const hint = 'write it like ${{ model.base }}';
    return {kind: 'unknown', message: 'this look-up has no end', hint, offset: from + open};
  }
  return {kind: 'texts', texts: texts.map((text) => text + rest)};
}

type Scalar = string | number | boolean | null;

/** The elements of a list, or the one value; undefined where a map or a list is among them. */
function scalars(value: Json): Scalar[] | undefined {
  const found: Scalar[] = [];
  for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
    if (typeof one === 'object' && one !== null) return undefined;
    found.push(one);
  }
  return found;
}
