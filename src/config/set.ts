import {fail, ok, type Issue, type Place, type Result} from '../base/issue.js';
import {asText, isObject, member, type Json} from '../base/json.js';
import {quoted} from '../base/quoted.js';
import {suggest} from '../base/suggest.js';
import {merge, pointer, type Located, type NodePlace} from './located.js';
import {parseValue} from './yaml.js';

/** The text that `--set` places point into: one argument a line. */
export const SET_FILE = '--set';

/** `path=value` settings laid over a document, each over what the ones before it made. */
export function applySets(document: Located, sets: readonly string[]): Result<Located> {
  const issues: Issue[] = [];
  let current = document;
  let line = 1;
  for (const text of sets) {
    const over = overlay(current, text, {file: SET_FILE, line, column: 1});
    if (over.ok) current = merge(current, over.value);
    else issues.push(...over.issues);
    line += text.split('\n').length;
  }
  return issues.length > 0 ? {ok: false, issues} : ok(current);
}

const PATH = /^(?:"[^"]+"|[^".]+)(?:\.(?:"[^"]+"|[^".]+))*$/;

function overlay(document: Located, text: string, at: Place): Result<Located> {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(equals, 0)).trimEnd();
  if (!PATH.test(path)) {
    return fail({
      code: 'bad-value',
      message: `${quoted(text)} is not path=value`,
      at,
      hint: "for instance --set 'matrix.hours=[1, 2, 5]' or --set sandbox.use=none",
    });
  }
  const keys = splitPath(document.value, path);
  const wrong = checkKeys(document.value, keys, at);
  if (wrong) return fail(wrong);
  const column = at.column + equals + 1;
  const value = parseValue(text.slice(equals + 1), {...at, column});
  if (!value.ok) return value;

  const places = new Map<string, NodePlace>([['', {key: at, value: at}]]);
  let target = '';
  for (const {key, offset} of keys) {
    const here = {...at, column: at.column + offset};
    target = pointer(target, key);
    places.set(target, {key: here, value: here});
  }
  const key = places.get(target)!.key;
  for (const [below, place] of value.value.places) {
    places.set(target + below, below === '' ? {...place, key} : place);
  }
  const nested = keys.reduceRight<Json>((inner, part) => Object.fromEntries([[part.key, inner]]), value.value.value);
  return ok({value: nested, places});
}

/** One key of a dotted path, and where it begins in it. */
export type PathKey = {readonly key: string; readonly offset: number};

/**
 * The keys of a dotted path. A key may hold dots itself (`qwen3-1.7b`): the longest one that the document knows wins,
 * and double quotes make a part literal.
 */
export function splitPath(document: Json, path: string): PathKey[] {
  const parts = [...path.matchAll(/"([^"]*)"|[^.]+/g)].map((match) => ({
    key: match[1] ?? match[0],
    offset: match.index,
  }));
  const keys: PathKey[] = [];
  let node: Json | undefined = document;
  for (let from = 0; from < parts.length;) {
    const joined = (to: number): string =>
      parts
        .slice(from, to)
        .map(({key}) => key)
        .join('.');
    let to = parts.length;
    while (to > from + 1 && !isKnown(document, node, keys, joined(to))) to--;
    const key = joined(to);
    keys.push({key, offset: parts[from]!.offset});
    node = member(node, key);
    from = to;
  }
  return keys;
}

/** A catalog entry that is not there yet is known by the axis value that it describes. */
const isKnown = (document: Json, node: Json | undefined, keys: readonly PathKey[], key: string): boolean =>
  (isObject(node) && Object.hasOwn(node, key)) ||
  (keys.length === 2 && keys[0]!.key === 'catalog' && axisValues(document, keys[1]!.key).includes(key));

/** The values that the matrix gives an axis, `include` as well. */
function axisValues(document: Json, axis: string): string[] {
  const matrix = member(document, 'matrix');
  const include = member(matrix, 'include');
  return [
    member(matrix, axis),
    ...(Array.isArray(include) ? (include as Json[]) : []).map((item) => member(item, axis)),
  ]
    .flat()
    .filter((value) => value !== undefined)
    .map((value) => asText(value));
}

/** Paths that would be laid over the document and then read by nobody. */
function checkKeys(document: Json, keys: readonly PathKey[], at: Place): Issue | undefined {
  const placeOfKey = (n: number): Place => ({...at, column: at.column + keys[n]!.offset});
  const [first, second, third] = keys.map(({key}) => key);
  if (first === 'profiles') {
    return {
      code: 'bad-value',
      message: 'profiles are laid on before --set, so that this changes nothing',
      at: placeOfKey(0),
      hint: 'set what the profile sets',
    };
  }
  let node: Json | undefined = document;
  for (const [n, {key}] of keys.entries()) {
    if (Array.isArray(node)) {
      const list = keys
        .slice(0, n)
        .map((part) => part.key)
        .join('.');
      return {
        code: 'bad-value',
        message: `${list} is a list, which has no ${quoted(key)}`,
        at: placeOfKey(n),
        hint: `set it as a whole: --set '${list}=[…]'`,
      };
    }
    node = member(node, key);
  }
  if (first !== 'catalog' || second === undefined || third === undefined || third === 'from') return undefined;
  const known = Object.keys((member(member(document, 'catalog'), second) ?? {}) as object);
  const values = axisValues(document, second);
  if (values.length === 0 || known.includes(third) || values.includes(third)) return undefined;
  return {
    code: 'unknown-value',
    message: `axis "${second}" has no value ${quoted(third)}`,
    at: placeOfKey(2),
    hint: suggest(third, [...new Set([...values, ...known])]),
  };
}
