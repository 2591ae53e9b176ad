import {basename} from 'node:path';
import {ok, type Result} from '../base/issue.js';
import {isObject, member, type Json} from '../base/json.js';
import type {Files} from './read.js';
import {schema} from './schemas.js';
import {checkShape} from './shape.js';

/** Name to version. */
export type Pins = ReadonlyMap<string, string>;

/** The lock of a pipeline's file, beside it: `pipeline.lock.yaml`. */
export const lockFileOf = (pipelineFile: string): string => pipelineFile.replace(/(?:\.ya?ml)?$/, '.lock.yaml');

/** What the lock says; nothing where there is none. */
export function loadLock(pipelineFile: string, files: Files): Result<Pins> {
  const path = lockFileOf(basename(pipelineFile));
  if (!files.isFile(path)) return ok(new Map());
  const read = files.yaml(path, {file: files.shown(path), line: 1, column: 1});
  if (!read.ok) return read;
  const shaped = checkShape(read.value, schema('lock')!, files.shown(path));
  return shaped.ok ? ok(pinsOf(shaped.value.value)) : shaped;
}

const pinsOf = (document: Json): Pins => {
  const pins = member(document, 'pins');
  return new Map(isObject(pins) ? (Object.entries(pins) as [string, string][]) : []);
};
