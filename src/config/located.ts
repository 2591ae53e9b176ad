import type {Place} from '../base/issue.js';
import {isObject, type Json} from '../base/json.js';

/** Where a node of a document stands: its key (in a map) and its value. */
export type NodePlace = {readonly key: Place; readonly value: Place};

/** Plain data together with the place of each node, by JSON pointer (`""` is the root). */
export type Located = {readonly value: Json; readonly places: ReadonlyMap<string, NodePlace>};

/** One step down a JSON pointer (RFC 6901). */
export const pointer = (parent: string, key: string | number): string =>
  `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The place of a node, or of its nearest ancestor that has one. */
export function placeOf({places}: Located, at: string, part: 'key' | 'value' = 'value'): Place {
  for (let path = at; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const place = places.get(path);
    if (place) return place[path === at ? part : 'value'];
    if (path === '') throw new Error('internal: a document without a root place');
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
  for (const [path, place] of located.places) {
    if (path === at || path.startsWith(`${at}/`)) places.set(path.slice(at.length), place);
  }
  return {value, places};
}

/**
 * `over` laid on `under`: maps merge key by key, everything else replaces, `null` in `over` removes the key.
 * Each node keeps the place where it was written.
 */
export function merge(under: Located, over: Located): Located {
  const places = new Map<string, NodePlace>();
  const take = (from: Located, at: string): void => {
    for (const [path, place] of from.places) {
      if (path === at || path.startsWith(`${at}/`)) places.set(path, place);
    }
  };
  const mergeAt = (low: Json, high: Json, at: string): Json => {
    if (!isObject(low) || !isObject(high)) {
      take(over, at);
      return high;
    }
    const own = under.places.get(at);
    if (own) places.set(at, own);
    const entries: [string, Json][] = [];
    for (const [key, inner] of Object.entries(low)) {
      const path = pointer(at, key);
      if (!Object.hasOwn(high, key)) {
        take(under, path);
        entries.push([key, inner]);
      } else if (high[key] !== null) {
        entries.push([key, mergeAt(inner, high[key]!, path)]);
      }
    }
    for (const [key, inner] of Object.entries(high)) {
      if (Object.hasOwn(low, key) || inner === null) continue;
      take(over, pointer(at, key));
      entries.push([key, inner]);
    }
    return Object.fromEntries(entries);
  };
  return {value: mergeAt(under.value, over.value, ''), places};
}
