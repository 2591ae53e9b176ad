import {relative} from 'node:path';
import type {Step} from '../graph/step.js';
import {spentOn} from '../plan/bill.js';
import type {Verdict} from '../plan/plan.js';
import type {StepPast} from '../report/step.js';
import {allBills} from '../store/bills.js';
import type {StoredHistory} from '../store/history.js';
import type {Ledger} from '../store/ledger.js';
import type {Project} from './project.js';
import {readResult} from '../store/result.js';

type Past = {readonly history: StoredHistory; readonly ledger: Ledger};

/** What lies on disk of a step: its result and its attempts. */
export function pastOf(step: Step, verdict: Verdict, {runs, pipeline}: Project, {history, ledger}: Past): StepPast {
  const {root} = pipeline;
  const current = verdict.kind === 'cached' ? history.committed(step, verdict.key) : undefined;
  const found = current ?? history.last(step.id);
  const record = found && readResult(found.dir);
  const attempts = verdict.kind === 'after' ? [] : history.found(step, verdict.key);
  return {
    id: step.id,
    verdict,
    result: found && record && {record, folder: relative(root, found.dir), is: current ? 'current' : 'old'},
    spent: spentOn(allBills(runs, ledger, pipeline.name)(step.id)),
    attempts: attempts.map((attempt) => ({...attempt, folder: relative(root, attempt.dir)})),
  };
}
