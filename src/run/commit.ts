import {basename, dirname} from 'node:path';
import type {Ledger} from '../store/ledger.js';
import {resultDir, type Runs} from '../store/paths.js';
import {digestsOf, dropEmpty, publish, type ResultRecord} from '../store/result.js';
import type {Emit} from './event.js';

/** Where a result is entered. */
export type Books = {readonly runs: Runs; readonly ledger: Ledger; readonly emit: Emit};

/**
 * Makes a sealed attempt a result, and answers its folder. The journal has its digests before the rename: whoever is killed
 * in between leaves a sealed attempt, whose rename is repeated, and never a result that no journal knows.
 */
export function commit(attemptDir: string, record: ResultRecord, {runs, ledger, emit}: Books): string {
  const {step, key, attempt} = record;
  emit({kind: 'committing', step, key, attempt, outputs: digestsOf(record)});
  const dir = resultDir(runs, attemptDir);
  publish(attemptDir, dir);
  ledger.add(basename(dirname(dir)), basename(dir), record);
  dropEmpty(dirname(attemptDir));
  return dir;
}
