import type {StepId} from '../graph/step.js';
import type {Reason} from '../plan/reason.js';
import type {Failure} from './settle.js';

export type Counts = {
  readonly cached: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly waiting: number;
  readonly running: number;
};

/** How a run ended; the process' exit code follows from it. `capped`: what is left would pass --max-gpu-hours. */
export type Ending = 'done' | 'failed' | 'capped' | 'detached' | 'stopped';

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
  | {
      readonly kind: 'done';
      readonly step: StepId;
      readonly key: string;
      readonly attempt: number;
      readonly seconds: number;
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
    }
  /** Failed in an earlier run and not tried again. */
  | {readonly kind: 'still-failed'; readonly step: StepId; readonly attempts: number; readonly because: string}
  /** `by`: the failed step at the root of it. */
  /** Not started although it could be: it would spend what nobody agreed to. */
  | {readonly kind: 'held'; readonly step: StepId; readonly because: string}
  /** `by`: the step that failed, or was held. */
  | {readonly kind: 'blocked'; readonly step: StepId; readonly by: StepId; readonly because: 'failed' | 'held'}
  | {readonly kind: 'detaching'; readonly running: number}
  | {readonly kind: 'stopping'; readonly running: number}
  | {readonly kind: 'end'; readonly ending: Ending; readonly counts: Counts; readonly seconds: number};

export type Emit = (event: Event) => void;

export const toAll =
  (...listeners: readonly Emit[]): Emit =>
  (event) => {
    for (const listen of listeners) listen(event);
  };
