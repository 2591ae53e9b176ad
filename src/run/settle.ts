import {isObject, type Json} from '../base/json.js';
import {describeOutcome, type Outcome} from '../base/outcome.js';
import {unreachable} from '../base/unreachable.js';
import type {FailureClass, Stage} from '../config/stage.js';
import type {Declared} from '../plan/key.js';

/** Why an attempt did not count. */
export type Failure = {
  readonly class: FailureClass;
  readonly because: string;
  readonly evidence: readonly string[];
};

export type Ended = {
  readonly phase: 'prepare' | 'run';
  readonly outcome: Outcome;
  /** `failure.json` in the working directory, if the script left one. */
  readonly claim: Json | undefined;
  /** Last lines of its logs. */
  readonly evidence: readonly string[];
};

/** EX_TEMPFAIL of sysexits.h: the script asks for another try. */
const TEMPORARY = 75;

/** What a script may say of itself. */
const CLASSES: readonly FailureClass[] = ['not-ready', 'temporary', 'out-of-memory', 'no-model', 'failed'];

/**
 * Whether an ended attempt may become a result, by its stage's `done-when`. The outputs are judged afterwards. Where any
 * exit is an end, exit 75 alone asks for another try, and `failure.json` says nothing without it: a stage that runs what it
 * does not trust turns that program's own 75 into another code.
 */
export function classify(stage: Pick<Declared, 'doneWhen' | 'run'>, ended: Ended): Failure | 'done' {
  const {phase, outcome, claim, evidence} = ended;
  const whole = phase === 'run' || stage.run === undefined;
  const fail = (kind: FailureClass, because = describeOutcome(outcome)): Failure => ({
    class: kind,
    because: phase === 'prepare' && stage.run !== undefined ? `prepare: ${because}` : because,
    evidence,
  });
  switch (outcome.kind) {
    case 'lost':
      return fail('lost', outcome.because);
    case 'killed':
    case 'stopped':
    case 'out-of-memory':
      return fail(outcome.kind);
    case 'timed-out':
      return whole && stage.doneWhen.includes('timed-out') ? 'done' : fail('timed-out');
    case 'exceeded':
      return whole && stage.doneWhen.includes('timed-out') ? 'done' : fail('exceeded');
    case 'exited': {
      const told = claimed(claim);
      if (outcome.code === TEMPORARY)
        return fail(
          told?.class === 'not-ready' ? 'not-ready' : 'temporary',
          told?.because ?? 'exit 75: the script asks for another try',
        );
      if (whole && stage.doneWhen.includes(outcome.code === 0 ? 'exited-0' : 'exited-nonzero')) return 'done';
      if (told) return fail(told.class, told.because);
      return fail('failed');
    }
    default:
      return unreachable(outcome);
  }
}

function claimed(claim: Json | undefined): {readonly class: FailureClass; readonly because: string} | undefined {
  if (!isObject(claim) || typeof claim.because !== 'string') return undefined;
  const known = CLASSES.find((one) => one === claim.class);
  return known && {class: known, because: claim.because.slice(0, 500)};
}

/**
 * Whether a failed attempt is followed by another: `retry` names its class and is not used up. One that a person stopped
 * before this run is what this run was called for; one that a person stops under its eyes is not wanted now.
 */
export const isRetried = (
  stage: Pick<Stage, 'retry'>,
  failure: Failure,
  failedInThisRun: number,
  ended: 'in-this-run' | 'earlier',
): boolean =>
  failure.class === 'stopped'
    ? ended === 'earlier'
    : stage.retry.on.includes(failure.class) && failedInThisRun <= stage.retry.times;

/** A job's word that what it uses turned it away for now: `{"class": "temporary", …}` in its `failure.json`. */
export type TurnedAway = {
  /** The named limit; all that the job uses where it names none. */
  readonly limit?: string;
  readonly retryAfterSeconds?: number;
  readonly because: string;
};

/** Also of an attempt that counts: it is over, but those that come would be turned away too. */
export function turnedAway(claim: Json | undefined): TurnedAway | undefined {
  const told = claimed(claim);
  if (told?.class !== 'temporary' || !isObject(claim)) return undefined;
  const {limit, 'retry-after': after} = claim;
  return {
    because: told.because,
    ...(typeof limit === 'string' ? {limit} : {}),
    ...(typeof after === 'number' && after > 0 ? {retryAfterSeconds: after} : {}),
  };
}
