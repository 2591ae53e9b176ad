import {isObject, type Json, type JsonObject} from '../../src/base/json.js';
import {NAMES, SCALARS} from './odd.js';
import type {Random} from './random.js';

/** Written as they are: what JSON.stringify would not write, and what no reader may take for a number. */
const RAW = [
  '1e309',
  '-1e309',
  '-0',
  '1e-400',
  'NaN',
  'Infinity',
  '0x10',
  '1_000',
  '.5',
  '1.',
  '123456789012345678901234567890',
];

const PLACEHOLDER = '\u0001raw:';

type Slot = {readonly here: Json; readonly put: (value: Json | undefined) => void};

function slots(value: Json, put: Slot['put'], found: Slot[] = []): Slot[] {
  found.push({here: value, put});
  if (Array.isArray(value))
    value.forEach((one: Json, n) =>
      slots(one, (now) => (value as (Json | undefined)[]).splice(n, 1, ...(now === undefined ? [] : [now])), found),
    );
  else if (isObject(value)) {
    for (const [key, one] of Object.entries(value)) {
      slots(
        one,
        (now) => {
          if (now === undefined) Reflect.deleteProperty(value, key);
          else set(value, key, now);
        },
        found,
      );
    }
  }
  return found;
}

/** Also a key `__proto__`, as JSON.parse makes one. */
const set = (on: JsonObject, key: string, value: Json): void =>
  void Object.defineProperty(on, key, {value, enumerable: true, configurable: true, writable: true});

const odd = (random: Random): Json => {
  if (random.chance(0.3)) return PLACEHOLDER + random.pick(RAW);
  if (random.chance(0.02)) return nested(random.pick([100, 2000, 100_000]), random);
  const value = random.pick(SCALARS);
  return typeof value === 'bigint' ? String(value) : ((value ?? null) as Json);
};

const nested = (depth: number, random: Random): Json => {
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ]);
  return `${PLACEHOLDER}${open.repeat(depth)}1${close.repeat(depth)}`;
};

/** JSON with one to three values replaced, removed, moved, wrapped, renamed or doubled; sometimes no JSON any more. */
export function mutateJson(text: string, random: Random): string {
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch {
    return text.slice(random.below(text.length + 1)); // spoiled before
  }
  for (let times = 1 + random.below(3); times > 0; times--) {
    const places = slots(root, (now) => (root = now ?? null));
    const {here, put} = random.pick(places);
    switch (random.below(7)) {
      case 0:
      case 1:
        put(odd(random));
        break;
      case 2:
        put(undefined);
        break;
      case 3:
        put(structuredClone(random.pick(places).here));
        break;
      case 4:
        put(random.chance(0.5) ? [here] : {[random.pick(NAMES)]: here});
        break;
      case 5:
        if (isObject(here)) set(here, random.pick(NAMES), odd(random));
        else if (Array.isArray(here)) here.push(odd(random));
        else put({});
        break;
      default:
        put(
          Array.isArray(here)
            ? (Object.assign({}, here) as Json)
            : isObject(here)
              ? Object.values(here)
              : {toString: 1, valueOf: 1, length: -1},
        );
    }
  }
  const written = JSON.stringify(root, null, random.chance(0.5) ? 2 : 0).replaceAll(
    /"\\u0001raw:((?:[^"\\]|\\.)*)"/g,
    (_, raw: string) => raw.replaceAll('\\"', '"'),
  );
  return random.chance(0.05) ? doubleKey(written, random) : written;
}

/** The same key a second time, where an object begins. */
const doubleKey = (text: string, random: Random): string => {
  const key = /"(?:[^"\\]|\\.)*"(?=:)/.exec(text)?.[0];
  return key === undefined ? text : text.replace('{', `{${key}:${JSON.stringify(odd(random))},`);
};
