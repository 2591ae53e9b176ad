import type {Executor} from '../executor/executor.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import type {Plan, Verdict} from '../plan/plan.js';
import {describeReason} from '../plan/reason.js';
import type {StoredHistory} from '../store/history.js';
import {existing} from './attempt.js';

/** Where a step stands, whether or not a controller is at work. */
export type StepStatus = {
  readonly step: Step;
  readonly state: 'done' | 'running' | 'waiting' | 'failed' | 'blocked' | 'missing';
  readonly attempt: number | null;
  readonly because: string;
  /** Wall seconds that it took, or since its attempt was made. */
  readonly seconds: number | null;
};

export async function statusOf(
  graph: Graph,
  plan: Plan,
  history: StoredHistory,
  executor: Executor,
  now: Date,
): Promise<ReadonlyMap<StepId, StepStatus>> {
  const statuses = new Map<StepId, StepStatus>();
  for (const step of graph.steps.values()) {
    statuses.set(step.id, await statusOne(step, plan.get(step.id)!, statuses, history, executor, now));
  }
  return statuses;
}

async function statusOne(
  step: Step,
  verdict: Verdict,
  earlier: ReadonlyMap<StepId, StepStatus>,
  history: StoredHistory,
  executor: Executor,
  now: Date,
): Promise<StepStatus> {
  const say = (state: StepStatus['state'], because: string, rest: Partial<StepStatus> = {}): StepStatus => ({
    step,
    state,
    because,
    attempt: null,
    seconds: null,
    ...rest,
  });
  if (verdict.kind === 'cached') {
    const entry = history.committed(step, verdict.key)?.entry;
    return say('done', 'cached', {attempt: entry?.attempt ?? null, seconds: entry?.seconds ?? null});
  }
  if (verdict.kind === 'after') {
    for (const {need, steps} of step.needs) {
      const broken = steps.find((id) => ['failed', 'blocked'].includes(earlier.get(id)!.state));
      if (broken && !need.optional) return say('blocked', `${broken} failed`);
    }
    return say('waiting', `after ${verdict.upstream}`);
  }
  if (verdict.kind === 'failed') return say('failed', verdict.because, {attempt: verdict.attempts});
  const because = describeReason(verdict.because);
  if (verdict.because.kind === 'failed-before')
    return say('failed', verdict.because.because, {attempt: verdict.because.attempts});
  if (verdict.because.kind !== 'unsettled') return say('missing', because);
  const found = history.found(step, verdict.key).findLast(({kind}) => kind === 'unsettled');
  if (found?.kind !== 'unsettled') return say('running', 'about to be committed', {attempt: verdict.because.attempt});
  const {job} = existing(step, verdict.key, verdict.doc, found.attempt, found.dir);
  const {liveness, because: said} = (await executor.poll([job])).get(job.name) ?? {liveness: 'unknown'};
  const rest = {attempt: found.attempt, seconds: (now.getTime() - Date.parse(found.job.made)) / 1000};
  if (liveness === 'gone') return say('running', 'ended; the next run settles it', rest);
  return liveness === 'running'
    ? say('running', `job ${job.name}`, rest)
    : say('waiting', `job ${job.name} is ${liveness}${said === undefined ? '' : `: ${said}`}`, rest);
}
