import {all, fail, ok, type Place, type Result} from '../base/issue.js';
import {isObject, type Json} from '../base/json.js';
import {merge, pointer, type Located, type NodePlace} from './located.js';
import {parseValue} from './yaml.js';

/** The text that `--set` places point into: one argument a line. */
export const SET_FILE = '--set';

/** `path=value` settings laid over a document, in their order. */
export function applySets(document: Located, sets: readonly string[]): Result<Located> {
  const overlays = all(sets.map((text, n) => overlay(document, text, {file: SET_FILE, line: n + 1, column: 1})));
  return overlays.ok ? ok(overlays.value.reduce(merge, document)) : overlays;
}

function overlay(document: Located, text: string, at: Place): Result<Located> {
  const equals = text.indexOf('=');
  if (equals < 1) {
    return fail({
      code: 'bad-value',
      message: `"${text}" is not path=value`,
      at,
      hint: 'for instance --set matrix.hours=[1,2,5] or --set sandbox.use=none',
    });
  }
  const keys = splitPath(document.value, text.slice(0, equals));
  const value = parseValue(text.slice(equals + 1), {...at, column: equals + 2});
  if (!value.ok) return value;

  const here: NodePlace = {key: at, value: at};
  const places = new Map<string, NodePlace>([['', here]]);
  let path = '';
  for (const key of keys) {
    path = pointer(path, key);
    places.set(path, here);
  }
  for (const [below, place] of value.value.places) places.set(path + below, {...place, key: at});
  const nested = keys.reduceRight<Json>((inner, key) => Object.fromEntries([[key, inner]]), value.value.value);
  return ok({value: nested, places});
}

/**
 * The keys of a dotted path. A key may hold dots itself (`qwen3-1.7b`): the longest one that the document knows wins,
 * and double quotes make a part literal.
 */
export function splitPath(value: Json, path: string): string[] {
  const parts = [...path.matchAll(/"([^"]*)"|[^.]+/g)].map((match) => match[1] ?? match[0]);
  const keys: string[] = [];
  let node: Json | undefined = value;
  for (let from = 0; from < parts.length;) {
    let to = from + 1;
    for (let end = parts.length; end > from; end--) {
      if (isObject(node) && Object.hasOwn(node, parts.slice(from, end).join('.'))) {
        to = end;
        break;
      }
    }
    const key = parts.slice(from, to).join('.');
    keys.push(key);
    node = isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
    from = to;
  }
  return keys;
}
