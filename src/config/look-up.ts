import {isObject, type Json, type JsonObject} from '../base/json.js';
import {suggest} from '../base/suggest.js';

/** What `${{ }}` can see: a step's axis values with their catalog fields, and the pipeline's settings. */
export type Scope = {
  readonly axes: ReadonlyMap<string, {readonly value: string; readonly fields: JsonObject}>;
  readonly settings: JsonObject;
  /** All axes of the pipeline, to tell "not an axis of this stage" from "no such thing". */
  readonly allAxes: readonly string[];
};

export type Found =
  | {readonly kind: 'found'; readonly value: Json}
  /** Absent, and the path ended with `?`. */
  | {readonly kind: 'absent'}
  | {readonly kind: 'unknown'; readonly message: string; readonly hint: string};

/** Resolves `axis`, `axis.field`, `setting.key`, each with an optional `?` at its end. */
export function lookUp(path: string, scope: Scope): Found {
  const optional = path.endsWith('?');
  const [first, ...rest] = (optional ? path.slice(0, -1) : path).split('.') as [string, ...string[]];
  const axis = scope.axes.get(first);
  if (axis && rest.length === 0) return {kind: 'found', value: axis.value};
  if (!axis && scope.allAxes.includes(first)) {
    return {kind: 'unknown', message: `this stage is not for axis "${first}"`, hint: `add ${first} to its "for"`};
  }
  let node: Json = axis ? axis.fields : scope.settings;
  let at = axis ? `${first} "${axis.value}"` : 'the pipeline';
  for (const key of axis ? rest : [first, ...rest]) {
    if (!isObject(node) || !Object.hasOwn(node, key)) {
      if (optional) return {kind: 'absent'};
      const known = isObject(node) ? Object.keys(node) : [];
      return {
        kind: 'unknown',
        message: `${at} has no "${key}"`,
        hint: suggest(key, axis || at !== 'the pipeline' ? known : [...scope.axes.keys(), ...known]),
      };
    }
    node = node[key]!;
    at = axis ? `${at}.${key}` : at === 'the pipeline' ? key : `${at}.${key}`;
  }
  return {kind: 'found', value: node};
}

const PATTERN = /\$\{\{\s*(.*?)\s*\}\}/g;

export type Expanded =
  | {readonly kind: 'texts'; readonly texts: readonly string[]}
  | {readonly kind: 'unknown'; readonly message: string; readonly hint: string};

/**
 * A text with its look-ups filled in. A list fills in once per element; an absent optional look-up drops the text.
 * So the answer is a list, of one text where nothing special stands in it.
 */
export function expand(template: string, scope: Scope): Expanded {
  let texts: string[] = [''];
  let from = 0;
  for (const match of template.matchAll(PATTERN)) {
    const found = lookUp(match[1]!, scope);
    if (found.kind === 'unknown') return found;
    if (found.kind === 'absent') return {kind: 'texts', texts: []};
    const values = Array.isArray(found.value) ? (found.value as readonly Json[]) : [found.value];
    const before = template.slice(from, match.index);
    if (values.some((value) => typeof value === 'object' && value !== null)) {
      return {kind: 'unknown', message: `${match[1]!} is a map, not a text`, hint: 'name one of its fields'};
    }
    texts = texts.flatMap((text) => values.map((value) => text + before + String(value)));
    from = match.index + match[0].length;
  }
  return {kind: 'texts', texts: texts.map((text) => text + template.slice(from))};
}
