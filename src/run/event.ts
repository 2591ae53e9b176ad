import type {StepId} from '../graph/step.js';
import type {Bill, Spent} from '../plan/bill.js';
import type {Reason} from '../plan/reason.js';
import type {Capped} from './budget.js';
import type {Failure} from './settle.js';

export type Counts = {
  readonly cached: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly waiting: number;
  readonly running: number;
};

/** How a run ended; the process' exit code follows from it. `capped`: what is left would pass a cap. */
export type Ending = 'done' | 'failed' | 'capped' | 'detached' | 'stopped';

export type RunEnd = {
  readonly ending: Ending;
  readonly counts: Counts;
  /** The bills of the attempts that ended in this run. */
  readonly spent: Spent;
  /** Where the run was capped. */
  readonly capped?: Capped;
};

/** Everything that a reporter or the journal can learn. Plain JSON: the journal writes it as it comes. */
export type Event =
  | {readonly kind: 'begin'; readonly pipeline: string; readonly steps: number; readonly cells: number}
  | {readonly kind: 'cached'; readonly step: StepId; readonly key: string}
  | {
      readonly kind: 'submitted';
      readonly step: StepId;
      readonly key: string;
      readonly attempt: number;
      readonly job: string;
      readonly because: Reason;
      /** Wall-time limit in seconds, where the step has one. */
      readonly limit: number | null;
    }
  /** Found alive, or ended while no controller watched. */
  | {
      readonly kind: 'adopted';
      readonly step: StepId;
      readonly key: string;
      readonly attempt: number;
      readonly job: string;
    }
  /**
   * A whole attempt that becomes a result now; from here on the journal has its digests. `stray-done`: of a job that no step of
   * this run asks for; its result is kept under its own key. `committing`: an earlier run was killed just before.
   */
  | {
      readonly kind: 'done' | 'stray-done' | 'committing';
      readonly step: StepId;
      readonly key: string;
      readonly attempt: number;
      readonly seconds: number;
      readonly bill: Bill;
      /** Content digest of each output. */
      readonly outputs: {readonly [output: string]: string};
    }
  | {
      readonly kind: 'failed';
      readonly step: StepId;
      readonly attempt: number;
      readonly failure: Failure;
      /** Of the attempt, for whoever looks further. */
      readonly dir: string;
      readonly again: boolean;
      readonly bill: Bill;
    }
  /** A step's job of an earlier run goes on under a key that no longer holds: the step waits, or the job is ended as asked. */
  | {
      readonly kind: 'waits' | 'ending';
      readonly step: StepId;
      readonly attempt: number;
      readonly job: string;
      /** Dotted paths at which the key documents differ. */
      readonly paths: readonly string[];
    }
  /** Of a job that no step of this run asks for. */
  | {
      readonly kind: 'stray-failed';
      readonly step: StepId;
      readonly key: string;
      readonly attempt: number;
      readonly failure: Failure;
      readonly bill: Bill;
      readonly dir: string;
    }
  /** Jobs that go on although the run is over: no step of it asks for them. */
  | {readonly kind: 'leaving'; readonly jobs: readonly {readonly step: StepId; readonly job: string}[]}
  /** Failed in an earlier run and not tried again. */
  | {readonly kind: 'still-failed'; readonly step: StepId; readonly attempts: number; readonly because: string}
  /** Not started although it could be: it would spend what nobody agreed to. */
  | {readonly kind: 'held'; readonly step: StepId; readonly because: string}
  /** `by`: the step that failed, or was held. */
  | {readonly kind: 'blocked'; readonly step: StepId; readonly by: StepId; readonly because: 'failed' | 'held'}
  /** Nothing that uses this limit starts before `until` (ISO 8601, UTC). */
  | {readonly kind: 'paused'; readonly limit: string; readonly until: string; readonly because: string}
  /** The executor's own word on its queue. */
  | {readonly kind: 'notice'; readonly text: string}
  | {readonly kind: 'detaching'; readonly running: number}
  | {readonly kind: 'stopping'; readonly running: number}
  | ({readonly kind: 'end'; readonly seconds: number} & RunEnd);

export type Emit = (event: Event) => void;

export const toAll =
  (...listeners: readonly Emit[]): Emit =>
  (event) => {
    for (const listen of listeners) listen(event);
  };
