import type {Brand} from '../base/brand.js';
import type {Resources} from '../graph/spec.js';

/** Chosen before submission and the only handle there is: a restarted controller finds its jobs by name. */
export type JobName = Brand<string, 'JobName'>;

/** An attempt as an executor sees it. `dir` holds `job.sh`, and later `claimed/owner` and `exit.json`. */
export type Job = {readonly name: JobName; readonly dir: string; readonly resources: Resources};

/**
 * `absent`: the executor has never heard of it. `unknown`: the executor cannot tell now, which is an answer of its own and never
 * success.
 */
export type Liveness = 'waiting' | 'running' | 'held' | 'gone' | 'absent' | 'unknown';

/**
 * What befell a job that did not come to its own end. `cancelled`: somebody ended it who is not ptb. `taken`: its place was
 * taken away, by pre-emption, a lost node, a limit of the queue.
 */
export type Fate = 'cancelled' | 'taken' | 'out-of-memory';

/** `because`: why it waits, is held or went, where the executor knows; `fate` only of one that is gone. */
export type Report = {readonly liveness: Liveness; readonly because?: string; readonly fate?: Fate};

/** Refusal and lack of room are answers, not exceptions. */
export type Submission =
  | {readonly kind: 'accepted'}
  /** Not now: no slot is free, or, with the reason, the queue takes no job at present. Ask again. */
  | {readonly kind: 'busy'; readonly because?: string}
  | {readonly kind: 'refused'; readonly because: string};

export type Capacity = {
  readonly cpus: number;
  readonly memoryMb: number;
  readonly gpus: number;
};

export interface Executor {
  submit(job: Job): Promise<Submission>;
  /** One query for all of them. */
  poll(jobs: readonly Job[]): Promise<ReadonlyMap<JobName, Report>>;
  /**
   * TERM, grace, KILL to this job and to nothing else. A job that is already gone is not an error; what its dead script
   * left running is ended.
   */
  cancel(job: Job): Promise<void>;
  /** What the user should know and was not told yet, one line each: a queue that is full, does not answer, holds a job. */
  notices?(): string[];
}

/** What whoever starts nothing needs of an executor. */
export type Onlooker = Pick<Executor, 'poll' | 'cancel'>;
