import {isObject, type Json} from '../base/json.js';
import {readJson, writeJson} from './write.js';

/** A pause of a named limit; `until` in epoch milliseconds. */
type Pause = {readonly until: number; readonly because: string; readonly times: number};

/** `pauses.json`. A damaged one costs a job that is turned away once more. */
export function readPauses(file: string): ReadonlyMap<string, Pause> {
  const value = readJson(file);
  const entries = isObject(value) && isObject(value.limits) ? Object.entries(value.limits) : [];
  return new Map(entries.flatMap(([limit, pause]) => (isPause(pause) ? [[limit, pause] as const] : [])));
}

export const writePauses = (file: string, pauses: ReadonlyMap<string, Pause>): void =>
  writeJson(file, {version: 1, limits: Object.fromEntries(pauses)});

const isPause = (value: Json): value is Json & Pause =>
  isObject(value) &&
  typeof value.until === 'number' &&
  typeof value.times === 'number' &&
  typeof value.because === 'string';
