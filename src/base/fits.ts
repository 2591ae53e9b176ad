import {isObject, type Json} from './json.js';

/**
 * What a value read from a file must be before it is taken for a record: a kind; one of these texts; what a function says; or a
 * map with these fields, where `name?` may be absent and `*` stands for every field.
 */
export type Shape =
  keyof typeof KINDS | readonly string[] | ((value: Json | undefined) => boolean) | {readonly [field: string]: Shape};

const isNumber = (value: Json | undefined): value is number => typeof value === 'number' && Number.isFinite(value);

/** The last moment that a Date can hold, in ms from the epoch (ECMA-262, time values). */
const LAST_MS = 8.64e15;

const KINDS = {
  text: (value: Json | undefined) => typeof value === 'string',
  boolean: (value: Json | undefined) => typeof value === 'boolean',
  number: isNumber,
  'text or null': (value: Json | undefined) => value === null || typeof value === 'string',
  'number or null': (value: Json | undefined) => value === null || isNumber(value),
  /** Of attempts and the like: 1, 2, … */
  ordinal: (value: Json | undefined) => Number.isSafeInteger(value) && (value as number) > 0,
  /** Milliseconds from the epoch. */
  moment: (value: Json | undefined) => isNumber(value) && Math.abs(value) <= LAST_MS,
  'moment or null': (value: Json | undefined) => value === null || (isNumber(value) && Math.abs(value) <= LAST_MS),
  /** ISO 8601. */
  time: (value: Json | undefined) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  texts: (value: Json | undefined) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  list: (value: Json | undefined) => Array.isArray(value),
  map: (value: Json | undefined) => isObject(value),
  anything: () => true,
} as const;

export function fits(value: Json | undefined, shape: Shape): boolean {
  if (typeof shape === 'string') return KINDS[shape](value);
  if (typeof shape === 'function') return shape(value);
  if (isList(shape)) return typeof value === 'string' && shape.includes(value);
  if (!isObject(value)) return false;
  return Object.entries(shape).every(([field, inner]) => {
    if (field === '*') return Object.values(value).every((one) => fits(one, inner));
    const name = field.replace(/\?$/, '');
    const has = Object.hasOwn(value, name);
    return has ? fits(value[name], inner) : field !== name;
  });
}

const isList = (shape: Shape): shape is readonly string[] => Array.isArray(shape);
