import {join} from 'node:path';
import {fits} from '../base/fits.js';
import {isObject} from '../base/json.js';
import type {Step, StepId} from '../graph/step.js';
import {unordered} from '../plan/key.js';
import type {Bill} from '../plan/bill.js';
import type {PastBills} from '../plan/estimate.js';
import type {Ledger} from './ledger.js';
import type {Entry} from './ledger-file.js';
import {attemptPaths, type Runs} from './paths.js';
import {BILL, OWNER} from './shapes.js';
import {list, readJson} from './write.js';

/**
 * The bills of past results of a pipeline that are like a step: of the same stage, with the same value on the first axis that
 * the stage names, the same number of GPUs and the same time limit.
 */
export function pastBills(ledger: Ledger, pipeline: string): PastBills {
  let known: ReadonlyMap<string, readonly Bill[]> | undefined;
  return ({stage, at, spec: {resources}}: Step) => {
    known ??= byLikeness(ledger, pipeline);
    const axis = stage.for[0];
    const values = axis === undefined ? [] : [`${axis}=${at[axis]!}`];
    return known.get(likeness(stage.name, values[0], resources.gpus, resources.seconds ?? null)) ?? [];
  };
}

const likeness = (stage: string, value: string | undefined, gpus: number, limit: number | null): string =>
  JSON.stringify([stage, value ?? null, gpus, limit]);

/** A result is filed under each of its axis values: which axis is the first is the stage's to say. */
function byLikeness(ledger: Ledger, pipeline: string): Map<string, Bill[]> {
  const found = new Map<string, Bill[]>();
  for (const {stage, entry} of ledger.entries()) {
    const {bill} = entry;
    if (!bill || !isOf(entry, pipeline)) continue;
    const axes = entry.step.split(':')[1];
    for (const value of axes?.split(',') ?? [undefined]) {
      const like = likeness(stage, value, bill.gpus, bill.limit);
      const same = found.get(like);
      if (same) same.push(bill);
      else found.set(like, [bill]);
    }
  }
  return found;
}

const isOf = ({pipeline: own}: Pick<Entry, 'pipeline'>, pipeline: string): boolean => (own ?? pipeline) === pipeline;

/** The bills of all attempts of a pipeline at each step, whatever their key and their outcome. */
export function allBills(runs: Runs, ledger: Ledger, pipeline: string): (step: StepId) => readonly Bill[] {
  const found = new Map<string, Bill[]>();
  const add = (step: StepId, bill: Bill): void => {
    const id = unordered(step);
    const same = found.get(id);
    if (same) same.push(bill);
    else found.set(id, [bill]);
  };
  for (const {entry} of ledger.entries()) if (entry.bill && isOf(entry, pipeline)) add(entry.step, entry.bill);
  for (const stage of list(runs.attempts)) {
    for (const folder of list(join(runs.attempts, stage))) {
      for (const {owner, bill} of billsIn(join(runs.attempts, stage, folder)))
        if (isOf(owner, pipeline)) add(owner.step, bill);
    }
  }
  return (step) => found.get(unordered(step)) ?? [];
}

type Billed = {
  readonly owner: {readonly step: StepId; readonly pipeline?: string; readonly key: string};
  readonly bill: Bill;
};

/**
 * The bills of the attempts in attempts/<stage>/<folder>: failed ones, ones whose last rename is missing, and results that
 * were replaced or moved aside. An attempt has one record, so none counts twice.
 */
export const billsIn = (folder: string): Billed[] =>
  list(folder).flatMap((name) => {
    const {result, failed, job} = attemptPaths(join(folder, name));
    const record = readJson(result) ?? readJson(failed);
    const owner = readJson(job);
    if (!isObject(record) || !fits(record.bill, BILL) || !fits(owner, OWNER)) return [];
    return [{owner: owner as unknown as Billed['owner'], bill: record.bill as unknown as Bill}];
  });
