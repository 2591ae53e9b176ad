import type {FailureClass} from '../config/stage.js';
import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {keyDoc, keyOf, stepKey, type KeyDoc, type OutputDigests, type StepKey, type Upstream} from './key.js';
import {changedPaths, type Reason} from './reason.js';

/** What planning must know of the past. The store implements it; tests use a Map. */
export interface History {
  /** The outputs committed under a key. */
  outputs(step: Step, key: StepKey): OutputDigests | undefined;
  /** An old result that someone keeps under this key. */
  accepted(step: Step, key: StepKey): {readonly by: Accepted; readonly outputs: OutputDigests} | undefined;
  /** What a result under a key says that its pinned names came to, if it says so. */
  pins(step: Step, key: StepKey): Readonly<Record<string, unknown>> | undefined;
  /** The key document that this step was last committed under, if ever. */
  lastDoc(id: StepId): KeyDoc | undefined;
  /** Attempts under this key that did not become a result. */
  attempts(step: Step, key: StepKey): Attempts;
}

/** Someone's decision that a result is still good although its step's key changed. */
export type Accepted = {
  /** The key that the result was made under. */
  readonly from: StepKey;
  /** Dotted paths at which the key documents differ. */
  readonly paths: readonly string[];
  readonly because: string;
  /** user@host */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly when: string;
};

export type Attempts =
  | {readonly kind: 'none'}
  | {readonly kind: 'failed'; readonly count: number; readonly class: FailureClass; readonly because: string}
  | {readonly kind: 'unsettled'; readonly attempt: number};

/** The files of a step with their digests. */
export type FileDigests = (step: Step) => KeyDoc['files'];

export type Verdict =
  | {readonly kind: 'cached'; readonly key: StepKey; readonly outputs: OutputDigests; readonly accepted?: Accepted}
  | {readonly kind: 'run'; readonly key: StepKey; readonly doc: KeyDoc; readonly because: Reason}
  /** It failed, and would fail again at the price of GPU time: only `--rerun` tries it once more. */
  | {readonly kind: 'failed'; readonly key: StepKey; readonly attempts: number; readonly because: string}
  /** No key yet: it takes the outputs of a step that runs first. */
  | {readonly kind: 'after'; readonly upstream: StepId};

export type Plan = ReadonlyMap<StepId, Verdict>;

/** Whether `--rerun` names a step. */
export type Rerun = (step: Step) => boolean;

/** The verdict on one step whose upstream steps are all settled. */
export function judge(step: Step, files: KeyDoc['files'], upstream: Upstream, history: History, rerun: Rerun): Verdict {
  const key = stepKey(step, files, upstream);
  const makeDoc = (): KeyDoc => keyDoc(step, files, upstream);
  const run = (because: Reason, doc = makeDoc()): Verdict => ({kind: 'run', key, doc, because});
  const attempts = history.attempts(step, key);
  if (attempts.kind === 'unsettled') return run({kind: 'unsettled', attempt: attempts.attempt});
  if (rerun(step)) return run({kind: 'asked-for'});
  const outputs = history.outputs(step, key);
  if (outputs) return {kind: 'cached', key, outputs};
  const asPinned = step.spec.pins.size === 0 ? undefined : unpinned(step, makeDoc(), history);
  if (asPinned) return {kind: 'cached', ...asPinned};
  const accepted = history.accepted(step, key);
  if (accepted) return {kind: 'cached', key, outputs: accepted.outputs, accepted: accepted.by};
  if (attempts.kind === 'failed') {
    if (isFinal(step, attempts.class))
      return {kind: 'failed', key, attempts: attempts.count, because: attempts.because};
    return run({kind: 'failed-before', attempts: attempts.count, because: attempts.because});
  }
  const last = history.lastDoc(step.id);
  if (last === undefined) return run({kind: 'never-ran'});
  const doc = makeDoc();
  return run({kind: 'changed', paths: changedPaths(last, doc)}, doc);
}

/** A result from before the lock was written, which came to just what is locked now: `ptb lock` writes such locks. */
function unpinned(
  step: Step,
  {pins, ...doc}: KeyDoc,
  history: History,
): {readonly key: StepKey; readonly outputs: OutputDigests} | undefined {
  if (pins === undefined) return undefined;
  const key = keyOf(doc);
  const outputs = history.outputs(step, key);
  if (!outputs) return undefined;
  const found = history.pins(step, key) ?? {};
  return Object.entries(pins).every(([name, pin]) => found[name] === pin) ? {key, outputs} : undefined;
}

/**
 * What a step does to itself it does again; what befell it (a lost node, a killed job, a GPU that was not there) may be
 * over. A step without GPUs costs little, and what it lacked may be there now.
 */
const isFinal = ({spec}: Step, failure: FailureClass): boolean =>
  spec.resources.gpus > 0 && ['failed', 'timed-out', 'exceeded', 'no-model'].includes(failure);

/**
 * Before a run, a step that failed and would be tried again may still succeed, so what takes its outputs comes after it.
 * As found, it has failed: what can do without it has its result.
 */
export type Moment = 'before-a-run' | 'as-found';

/** A verdict for each step, as far as it can be known before anything runs. */
export function plan(
  {steps}: Graph,
  files: FileDigests,
  history: History,
  rerun: Rerun,
  moment: Moment = 'before-a-run',
): Plan {
  const verdicts = new Map<StepId, Verdict>();
  /** Failed, or cut off by a failed step. */
  const broken = new Set<StepId>();
  const verdictOf = (step: Step): Verdict => {
    for (const {need, steps: upstream} of step.needs) {
      const pending = upstream.find((id) => verdicts.get(id)!.kind !== 'cached' && !(need.optional && broken.has(id)));
      if (pending === undefined) continue;
      if (!need.optional && upstream.some((id) => broken.has(id))) broken.add(step.id);
      return {kind: 'after', upstream: pending};
    }
    const outputs = (id: StepId): OutputDigests | null => {
      const verdict = verdicts.get(id)!;
      return verdict.kind === 'cached' ? verdict.outputs : null;
    };
    return judge(step, files(step), outputs, history, rerun);
  };
  for (const step of steps.values()) {
    const verdict = verdictOf(step);
    const failedBefore = verdict.kind === 'run' && verdict.because.kind === 'failed-before';
    if (verdict.kind === 'failed' || (moment === 'as-found' && failedBefore)) broken.add(step.id);
    verdicts.set(step.id, verdict);
  }
  return verdicts;
}
