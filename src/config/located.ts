import type {Place} from '../base/issue.js';
import {isObject, type Json} from '../base/json.js';

/**
 * Where a node of a document stands: its key (in a map), its value, and, where a text lies on one line, its first
 * character (behind the quote).
 */
export type NodePlace = {readonly key: Place; readonly value: Place; readonly text?: Place};

/** Plain data together with the place of each node, by JSON pointer (`""` is the root). */
export type Located = {readonly value: Json; readonly places: ReadonlyMap<string, NodePlace>};

/** One step down a JSON pointer (RFC 6901). */
export const pointer = (parent: string, key: string | number): string =>
  `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The keys of a JSON pointer. */
export const keysOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The place of a node, or of its nearest ancestor that has one. */
export function placeOf({places}: Located, at: string, part: 'key' | 'value' = 'value'): Place {
  for (let path = at; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const place = places.get(path);
    if (place) return place[path === at ? part : 'value'];
    if (path === '') throw new Error('internal: a document without a root place');
  }
}

/** The place of a character of a text, or of the text where it spans lines. */
export function placeInText(located: Located, at: string, offset: number): Place {
  const text = located.places.get(at)?.text;
  return text ? {...text, column: text.column + offset} : placeOf(located, at);
}

/** Copies the places of a node and of all below it. */
function copyPlaces(from: Located['places'], at: string, value: Json, to: Map<string, NodePlace>, target = at): void {
  const place = from.get(at);
  if (place) to.set(target, place);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    copyPlaces(from, pointer(at, key), inner, to, pointer(target, key));
  }
}

/** The node below `at`, with its places re-rooted. */
export function descend(located: Located, ...keys: readonly string[]): Located | undefined {
  let value: Json = located.value;
  let at = '';
  for (const key of keys) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key]!;
    at = pointer(at, key);
  }
  const places = new Map<string, NodePlace>();
  copyPlaces(located.places, at, value, places, '');
  return {value, places};
}

/**
 * `over` laid on `under`: maps merge key by key, everything else replaces, `null` in `over` removes the key.
 * Each node keeps the place where it was written.
 */
export function merge(under: Located, over: Located): Located {
  const places = new Map<string, NodePlace>();
  const mergeAt = (low: Json | undefined, high: Json, at: string): Json => {
    if (!isObject(high)) {
      copyPlaces(over.places, at, high, places);
      return high;
    }
    const base = isObject(low) ? low : {};
    const own = (isObject(low) ? under : over).places.get(at);
    if (own) places.set(at, own);
    const entries: [string, Json][] = [];
    for (const [key, inner] of Object.entries(base)) {
      const path = pointer(at, key);
      if (!Object.hasOwn(high, key)) {
        copyPlaces(under.places, path, inner, places);
        entries.push([key, inner]);
      } else if (high[key] !== null) {
        entries.push([key, mergeAt(inner, high[key]!, path)]);
      }
    }
    for (const [key, inner] of Object.entries(high)) {
      if (!Object.hasOwn(base, key) && inner !== null) entries.push([key, mergeAt(undefined, inner, pointer(at, key))]);
    }
    return Object.fromEntries(entries);
  };
  return {value: mergeAt(under.value, over.value, ''), places};
}
