import {unreachable} from './unreachable.js';

/** How one attempt ended. */
export type Outcome =
  | {readonly kind: 'exited'; readonly code: number}
  /** Hit the wall time that the step itself asked for. A stage may count this as done. */
  | {readonly kind: 'timed-out'; readonly afterSeconds: number}
  | {readonly kind: 'killed'; readonly signal: string}
  /** No exit record, and the executor no longer knows the job: node died, job was purged. */
  | {readonly kind: 'lost'; readonly because: string};

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited':
      return `exit ${outcome.code}`;
    case 'timed-out':
      return `timed out after ${outcome.afterSeconds} s`;
    case 'killed':
      return `killed by ${outcome.signal}`;
    case 'lost':
      return `lost (${outcome.because})`;
    default:
      return unreachable(outcome);
  }
}
