import {unreachable} from './unreachable.js';

/** How one attempt ended. */
export type Outcome =
  | {readonly kind: 'exited'; readonly code: number}
  /** Hit the wall time that the step itself asked for. A stage may count this as done. */
  | {readonly kind: 'timed-out'; readonly afterSeconds: number}
  | {readonly kind: 'killed'; readonly signal: string}
  /** By `ptb pipeline stop` or a second Ctrl-C; or, with what the queue says of it, by somebody's scancel or condor_rm. */
  | {readonly kind: 'stopped'; readonly because?: string}
  /** By the kernel, which had no memory left. Highest memory seen in MB, where it was seen. */
  | {readonly kind: 'out-of-memory'; readonly memoryMb: number | null}
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
    case 'stopped':
      return outcome.because ?? 'stopped by the user';
    case 'out-of-memory':
      return `killed for lack of memory${outcome.memoryMb === null ? '' : `, at ${outcome.memoryMb} MB`}`;
    case 'lost':
      return `lost (${outcome.because})`;
    default:
      return unreachable(outcome);
  }
}
