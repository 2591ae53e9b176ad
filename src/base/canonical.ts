import {createHash} from 'node:crypto';
import type {Brand} from './brand.js';
import type {Json} from './json.js';

/** SHA-256, 64 lower-case hex digits. */
export type Digest = Brand<string, 'Digest'>;

/** Code-unit order, the same on every machine; localeCompare's depends on the locale. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** JSON with keys in code-unit order. */
export const canonical = (value: Json): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => byCodeUnit(a, b)))
      : inner,
  );

export const sha256 = (data: string | Uint8Array): Digest => createHash('sha256').update(data).digest('hex') as Digest;
