import {join} from 'node:path';
import {groupBy} from '../base/group.js';
import type {Graph} from '../graph/graph.js';
import type {StepId} from '../graph/step.js';
import {spentOn} from '../plan/bill.js';
import type {Plan} from '../plan/plan.js';
import type {StepFate, StepFates} from '../report/evidence.js';
import type {StoredHistory} from '../store/history.js';

/** What became of each step so far, by stage: the table's view of a run, finished or not. */
export function fatesOf(graph: Graph, verdicts: Plan, history: StoredHistory): StepFates {
  const fates = new Map<StepId, StepFate>();
  const billed = new Map<StepId, StepFate>();
  for (const step of graph.steps.values()) {
    const verdict = verdicts.get(step.id)!;
    const spent = verdict.kind === 'after' ? undefined : spentOn(history.bills(step, verdict.key));
    const fate = ((): StepFate => {
      if (verdict.kind === 'cached') {
        const {dir, entry} = history.committed(step, verdict.key)!;
        const out = join(dir, 'out');
        return {kind: 'done', at: step.at, out, seconds: entry.seconds, sandbox: entry.sandbox};
      }
      if (verdict.kind === 'run' && verdict.because.kind === 'failed-before') {
        return {kind: 'failed', at: step.at, because: `${step.stage.name} failed: ${verdict.because.because}`};
      }
      if (verdict.kind === 'failed') {
        return {kind: 'failed', at: step.at, because: `${step.stage.name} failed: ${verdict.because}`};
      }
      for (const {need, steps} of step.needs) {
        const broken = need.optional
          ? undefined
          : steps.map((id) => fates.get(id)!).find(({kind}) => kind === 'failed');
        if (broken?.kind === 'failed') return {...broken, at: step.at};
      }
      return {kind: 'pending', at: step.at};
    })();
    fates.set(step.id, fate);
    billed.set(step.id, spent === undefined || spent.attempts === 0 ? fate : {...fate, spent});
  }
  const byStage = groupBy(graph.steps.values(), ({stage}) => stage.name);
  return (stage) => (byStage.get(stage) ?? []).map(({id}) => billed.get(id)!);
}
