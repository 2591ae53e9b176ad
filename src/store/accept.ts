import {mkdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fits} from '../base/fits.js';
import {isObject} from '../base/json.js';
import type {Step, StepId} from '../graph/step.js';
import type {StepKey} from '../plan/key.js';
import type {Accepted} from '../plan/plan.js';
import {folderOf, type Runs} from './paths.js';
import {ACCEPTED} from './shapes.js';
import {readJson, writeJson} from './write.js';

/** `accepted/<stage>/<readable-cell>-<key12>.json`: the result under `from` stands under `key` too. */
export type AcceptRecord = Accepted & {
  readonly version: 1;
  readonly step: StepId;
  readonly pipeline: string;
  readonly key: StepKey;
};

const fileOf = (runs: Runs, step: Step, key: StepKey): string =>
  join(runs.root, 'accepted', `${folderOf(step, key)}.json`);

export function readAccepted(runs: Runs, step: Step, key: StepKey): AcceptRecord | undefined {
  const value = readJson(fileOf(runs, step, key));
  return isObject(value) && value.version === 1 && value.key === key && fits(value, ACCEPTED)
    ? (value as unknown as AcceptRecord)
    : undefined;
}

/** Answers the file. The result itself stays as it is. */
export function writeAccepted(runs: Runs, step: Step, record: AcceptRecord): string {
  const file = fileOf(runs, step, record.key);
  mkdirSync(dirname(file), {recursive: true});
  writeJson(file, record);
  return file;
}
