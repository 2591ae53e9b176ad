import type {Graph} from '../graph/graph.js';
import type {Step, StepId} from '../graph/step.js';
import {keyDoc, keyOf, type KeyDoc, type OutputDigests, type StepKey} from './key.js';
import {changedPaths, type Reason} from './reason.js';

/** What planning must know of the past. The store implements it; tests use a Map. */
export interface History {
  /** The outputs committed under a key. */
  outputs(step: Step, key: StepKey): OutputDigests | undefined;
  /** The key document that this step was last committed under, if ever. */
  lastDoc(id: StepId): KeyDoc | undefined;
  /** Attempts under this key that did not become a result. */
  attempts(step: Step, key: StepKey): Attempts;
}

export type Attempts =
  | {readonly kind: 'none'}
  | {readonly kind: 'failed'; readonly count: number; readonly because: string}
  | {readonly kind: 'unsettled'; readonly attempt: number};

/** The files of a step with their digests. */
export type FileDigests = (step: Step) => KeyDoc['files'];

export type Verdict =
  | {readonly kind: 'cached'; readonly key: StepKey; readonly outputs: OutputDigests}
  | {readonly kind: 'run'; readonly key: StepKey; readonly doc: KeyDoc; readonly because: Reason}
  /** No key yet: it takes the outputs of a step that runs first. */
  | {readonly kind: 'after'; readonly upstream: StepId};

export type Plan = ReadonlyMap<StepId, Verdict>;

/** Whether `--rerun` names a step. */
export type Rerun = (step: Step) => boolean;

/** The verdict on one step whose upstream steps are all settled. */
export function judge(step: Step, doc: KeyDoc, history: History, rerun: Rerun): Verdict {
  const key = keyOf(doc);
  const run = (because: Reason): Verdict => ({kind: 'run', key, doc, because});
  const attempts = history.attempts(step, key);
  if (attempts.kind === 'unsettled') return run({kind: 'unsettled', attempt: attempts.attempt});
  if (rerun(step)) return run({kind: 'asked-for'});
  const outputs = history.outputs(step, key);
  if (outputs) return {kind: 'cached', key, outputs};
  if (attempts.kind === 'failed') {
    return run({kind: 'failed-before', attempts: attempts.count, because: attempts.because});
  }
  const last = history.lastDoc(step.id);
  return run(last === undefined ? {kind: 'never-ran'} : {kind: 'changed', paths: changedPaths(last, doc)});
}

/** A verdict for each step, as far as it can be known before anything runs. */
export function plan({steps}: Graph, files: FileDigests, history: History, rerun: Rerun): Plan {
  const verdicts = new Map<StepId, Verdict>();
  for (const step of steps.values()) verdicts.set(step.id, verdictOf(step, verdicts, files, history, rerun));
  return verdicts;
}

function verdictOf(step: Step, earlier: Plan, files: FileDigests, history: History, rerun: Rerun): Verdict {
  for (const {steps} of step.needs) {
    for (const id of steps) if (earlier.get(id)!.kind !== 'cached') return {kind: 'after', upstream: id};
  }
  const upstream = (id: StepId): OutputDigests => (earlier.get(id) as Extract<Verdict, {kind: 'cached'}>).outputs;
  return judge(step, keyDoc(step, files(step), upstream), history, rerun);
}
