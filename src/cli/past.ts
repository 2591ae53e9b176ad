import {relative} from 'node:path';
import type {Step} from '../graph/step.js';
import type {Verdict} from '../plan/plan.js';
import type {StepPast} from '../report/step.js';
import type {StoredHistory} from '../store/history.js';
import {readResult} from '../store/result.js';

/** What lies on disk of a step: its result and its attempts. */
export function pastOf(step: Step, verdict: Verdict, history: StoredHistory, root: string): StepPast {
  const current = verdict.kind === 'cached' ? history.committed(step, verdict.key) : undefined;
  const found = current ?? history.last(step.id);
  const record = found && readResult(found.dir);
  const attempts = verdict.kind === 'after' ? [] : history.found(step, verdict.key);
  return {
    id: step.id,
    verdict,
    result: found && record && {record, folder: relative(root, found.dir), is: current ? 'current' : 'old'},
    attempts: attempts.map((attempt) => ({...attempt, folder: relative(root, attempt.dir)})),
  };
}
