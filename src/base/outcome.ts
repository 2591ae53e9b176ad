import {unreachable} from './unreachable.js';

/** What a job took more of than it may: processes at once, log, or, as the one that holds most of it, a disk that is full. */
export const BOUNDED = ['processes', 'log', 'disk'] as const;
export type Exceeded = (typeof BOUNDED)[number];

/** How one attempt ended. */
export type Outcome =
  | {readonly kind: 'exited'; readonly code: number}
  /** Hit the wall time that the step itself asked for. A stage may count this as done. */
  | {readonly kind: 'timed-out'; readonly afterSeconds: number}
  /** Ended for taking more than it may of what others need too. A stage that counts the end of the time counts this. */
  | {readonly kind: 'exceeded'; readonly what: Exceeded}
  | {readonly kind: 'killed'; readonly signal: string}
  /** By `ptb pipeline stop` or a second Ctrl-C; or, with what the queue says of it, by somebody's scancel or condor_rm. */
  | {readonly kind: 'stopped'; readonly because?: string}
  /** By the kernel, which had no memory left. Highest memory seen in MB, where it was seen. */
  | {readonly kind: 'out-of-memory'; readonly memoryMb: number | null}
  /** No exit record, and the executor no longer knows the job: node died, job was purged. */
  | {readonly kind: 'lost'; readonly because: string};

const EXCEEDED: Readonly<Record<Exceeded, string>> = {
  processes: 'ended: it had more processes than its stage allows (resources.processes)',
  log: 'ended: its log grew larger than its stage allows (resources.log)',
  disk: 'ended: the disk was full, and it held most of it',
};

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited':
      return `exit ${outcome.code}`;
    case 'timed-out':
      return `timed out after ${outcome.afterSeconds} s`;
    case 'exceeded':
      return EXCEEDED[outcome.what];
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
