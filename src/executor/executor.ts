import type {Brand} from '../base/brand.js';
import type {Resources} from '../graph/spec.js';

/** Chosen before submission and the only handle there is: a restarted controller finds its jobs by name. */
export type JobName = Brand<string, 'JobName'>;

/** An attempt as an executor sees it. `dir` holds `job.sh`, and later `claimed/` and `exit.json`. */
export type Job = {readonly name: JobName; readonly dir: string; readonly resources: Resources};

/** `unknown` is an answer of its own: the executor cannot tell. It is never success. */
export type Liveness = 'waiting' | 'running' | 'held' | 'gone' | 'unknown';

/** Refusal and lack of room are answers, not exceptions. */
export type Submission =
  | {readonly kind: 'accepted'}
  /** No slot is free now: ask again when a job has ended. */
  | {readonly kind: 'busy'}
  | {readonly kind: 'refused'; readonly because: string};

export type Capacity = {
  readonly cpus: number;
  readonly memoryMb: number;
  readonly gpus: number;
};

export interface Executor {
  submit(job: Job): Promise<Submission>;
  /** One query for all of them. A name that the answer lacks is `unknown`. */
  poll(jobs: readonly Job[]): Promise<ReadonlyMap<JobName, Liveness>>;
  /**
   * TERM, grace, KILL to this job and to nothing else. A job that is already gone is not an error; what its dead script
   * left running is ended.
   */
  cancel(job: Job): Promise<void>;
}
