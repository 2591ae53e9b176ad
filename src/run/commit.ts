import {basename, dirname} from 'node:path';
import {FREE} from '../plan/bill.js';
import type {Ledger} from '../store/ledger.js';
import {resultDir, type Runs} from '../store/paths.js';
import {digestsOf, dropEmpty, publish, type ResultRecord} from '../store/result.js';
import type {Emit} from './event.js';

/** Where a result is entered. */
export type Books = {readonly runs: Runs; readonly ledger: Ledger; readonly emit: Emit};

/** How a commit is told of: `done` and `stray-done` of a job that this run has seen end. */
export type Telling = 'done' | 'stray-done' | 'committing';

/**
 * Makes a sealed attempt a result, and answers its folder. The journal has its digests before the rename: whoever is killed
 * in between leaves a sealed attempt, whose rename is repeated, and never a result that no journal knows.
 */
export function commit(
  attemptDir: string,
  record: ResultRecord,
  {runs, ledger, emit}: Books,
  telling: Telling,
): string {
  const {step, key, attempt, seconds, bill = FREE} = record;
  emit({kind: telling, step, key, attempt, seconds: seconds.total, bill, outputs: digestsOf(record)});
  const dir = resultDir(runs, attemptDir);
  publish(attemptDir, dir);
  ledger.add(basename(dirname(dir)), basename(dir), record);
  dropEmpty(dirname(attemptDir));
  return dir;
}
