import {hash} from 'node:crypto';
import type {Brand} from './brand.js';
import {isObject, type Json} from './json.js';

/** SHA-256, 64 lower-case hex digits. */
export type Digest = Brand<string, 'Digest'>;

/** Code-unit order, the same on every machine; localeCompare's depends on the locale. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * JSON with keys in code-unit order; an object itself would put keys such as "10" first. `known`: what this says of objects that
 * many documents share.
 */
export function canonical(value: Json, known?: WeakMap<object, string>): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => canonical(one, known)).join(',')}]`;
  if (!isObject(value)) return typeof value === 'string' ? quote(value) : JSON.stringify(value);
  const text = known?.get(value);
  if (text !== undefined) return text;
  let members = '';
  // Without a comparator strings are sorted by code units.
  for (const key of Object.keys(value).sort()) {
    members += `${members === '' ? '' : ','}${quote(key)}:${canonical(value[key]!, known)}`;
  }
  return `{${members}}`;
}

/** Most texts need no escape, and to see that is quicker than JSON.stringify. */
const quote = (text: string): string => (/^[\w .,:/=+-]*$/.test(text) ? `"${text}"` : JSON.stringify(text));

export const sha256 = (data: string | Uint8Array): Digest => hash('sha256', data, 'hex') as Digest;
