import type {JobName, Onlooker} from '../executor/executor.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {unordered} from '../plan/key.js';
import type {Plan, Verdict} from '../plan/plan.js';
import {describeReason} from '../plan/reason.js';
import type {Unsettled} from '../store/attempt.js';
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

/** A job of an earlier key of its step, or of a step that the pipeline does not have. */
export type StrayStatus = {
  readonly step: StepId;
  readonly attempt: number;
  readonly job: string;
  readonly because: string;
  readonly seconds: number;
};

export type Status = {
  readonly steps: ReadonlyMap<StepId, StepStatus>;
  readonly strays: readonly StrayStatus[];
};

/** `open`: all attempts that no controller has settled. */
export async function statusOf(
  graph: Graph,
  plan: Plan,
  history: StoredHistory,
  open: readonly Unsettled[],
  executor: Onlooker,
  now: Date,
): Promise<Status> {
  const steps = new Map<StepId, StepStatus>();
  for (const step of graph.steps.values()) {
    steps.set(step.id, await statusOne(step, plan.get(step.id)!, steps, history, executor, now));
  }
  const strays = await straysOf(plan, open, executor, now);
  for (const {step: id, because, attempt, seconds} of strays) {
    const status = steps.get(id);
    // Else it is done, or waits for another step anyway.
    if (status?.state === 'missing' || status?.state === 'failed')
      steps.set(id, {...status, state: 'waiting', because, attempt, seconds});
  }
  return {steps, strays};
}

async function straysOf(
  plan: Plan,
  open: readonly Unsettled[],
  executor: Onlooker,
  now: Date,
): Promise<readonly StrayStatus[]> {
  const ids = new Map([...plan.keys()].map((id) => [unordered(id), id]));
  const keys = new Set([...plan.values()].flatMap((verdict) => (verdict.kind === 'after' ? [] : [verdict.key])));
  const pending = new Set([...plan].flatMap(([id, {kind}]) => (kind === 'after' ? [unordered(id)] : [])));
  const strays = open.filter(({job}) => !keys.has(job.key));
  const answers = await executor.poll(strays.map(({job, dir}) => existing(job, dir).job));
  return strays.flatMap(({job}) => {
    const liveness = answers.get(job.name as JobName)?.liveness ?? 'unknown';
    if (liveness === 'absent') return [];
    const id = unordered(job.step);
    const key = pending.has(id)
      ? 'a key that is known when its upstream has run'
      : ids.has(id)
        ? 'a key that no longer holds'
        : 'a key that the pipeline does not have';
    const because =
      liveness === 'gone'
        ? `job ${job.name} ended under ${key}; the next run keeps its result`
        : `job ${job.name} is ${liveness} under ${key}`;
    const seconds = (now.getTime() - Date.parse(job.made)) / 1000;
    return [{step: ids.get(id) ?? job.step, attempt: job.attempt, job: job.name, because, seconds}];
  });
}

async function statusOne(
  step: Step,
  verdict: Verdict,
  earlier: ReadonlyMap<StepId, StepStatus>,
  history: StoredHistory,
  executor: Onlooker,
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
  const {job} = existing(found.job, found.dir);
  const {liveness, because: said} = (await executor.poll([job])).get(job.name) ?? {liveness: 'unknown'};
  const rest = {attempt: found.attempt, seconds: (now.getTime() - Date.parse(found.job.made)) / 1000};
  if (liveness === 'gone') return say('running', 'ended; the next run settles it', rest);
  return liveness === 'running'
    ? say('running', `job ${job.name}`, rest)
    : say('waiting', `job ${job.name} is ${liveness}${said === undefined ? '' : `: ${said}`}`, rest);
}
