import type {Executor, Liveness, Report} from '../executor/executor.js';
import type {Bill} from '../plan/bill.js';
import {exitOf, settle, type Attempt, type Settled} from './attempt.js';
import {commit, type Books, type Telling} from './commit.js';
import type {Failure} from './settle.js';
import {dropJob} from '../store/collect.js';
import {attemptPaths} from '../store/paths.js';
import {seal, type ResultRecord} from '../store/result.js';

/** How a watched job came to its end: `dir` is that of its result. */
export type End =
  | {readonly kind: 'done'; readonly record: ResultRecord; readonly dir: string; readonly bill: Bill}
  | {readonly kind: 'failed'; readonly failure: Failure; readonly bill: Bill; readonly ended: Era};

/** Whether this run saw it alive. */
export type Era = 'in-this-run' | 'earlier';

/** Who wants to know of a job. */
export type Watcher = {
  /** How its commit is told of. */
  readonly telling: Exclude<Telling, 'committing'>;
  readonly ended: (end: End) => void;
  /** Its executor never got it; it is not watched any more. */
  readonly absent: () => void;
};

type Watched = {
  readonly attempt: Attempt;
  watcher: Watcher;
  liveness: Liveness | 'settling';
  /** What the executor says of it. */
  report?: Report | undefined;
  era: Era;
};

/** The jobs under way: asks the executor about all of them at once, and settles and commits those that are gone. */
export class Jobs {
  readonly #watched = new Map<string, Watched>();
  readonly #settling = new Set<Promise<void>>();
  #crash: {readonly error: unknown} | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly books: Books,
    /** Hears of every job's end, before its watcher does. */
    private readonly heard: (attempt: Attempt, settled: Settled) => void,
  ) {}

  /** From now on this watcher hears of the job, instead of an earlier one. `era`: of its submission. */
  watch(attempt: Attempt, watcher: Watcher, era: Era): void {
    const known = this.#watched.get(attempt.dir);
    if (known) known.watcher = watcher;
    else this.#watched.set(attempt.dir, {attempt, watcher, liveness: 'unknown', era});
  }

  /** As of the last poll; undefined for one that nobody watches. */
  liveness(dir: string): Liveness | 'settling' | undefined {
    return this.#watched.get(dir)?.liveness;
  }

  get settling(): ReadonlySet<Promise<void>> {
    return this.#settling;
  }

  /** Jobs that have not ended. */
  get alive(): Attempt[] {
    return [...this.#watched.values()].flatMap(({attempt, liveness}) => (liveness === 'settling' ? [] : [attempt]));
  }

  async cancel(attempts: readonly Attempt[]): Promise<void> {
    await Promise.all(attempts.map(({job}) => this.executor.cancel(job)));
  }

  /** Ends one job; what it came to is heard as that of any other. */
  end({job}: Attempt): void {
    this.#during(this.executor.cancel(job));
  }

  async poll(): Promise<void> {
    const asked = [...this.#watched.values()].filter(({liveness}) => liveness !== 'settling');
    if (asked.length === 0) return;
    const answers = await this.executor.poll(asked.map(({attempt}) => attempt.job));
    for (const one of asked) {
      const report = answers.get(one.attempt.job.name);
      one.liveness = report?.liveness ?? 'unknown';
      one.report = report;
      if (SEEN.includes(one.liveness)) one.era = 'in-this-run';
      if (one.liveness === 'absent') {
        this.#watched.delete(one.attempt.dir);
        one.watcher.absent();
      }
      if (one.liveness === 'gone') this.#settle(one);
    }
  }

  /** Throws what a settling threw: a bug of ours or a disk that failed, neither of which may pass for a step's failure. */
  rethrow(): void {
    if (this.#crash) throw this.#crash.error;
  }

  #settle(one: Watched): void {
    one.liveness = 'settling';
    this.#during(this.#conclude(one));
  }

  #during(work: Promise<void>): void {
    const settling = work
      .catch((error: unknown) => {
        this.#crash = {error};
      })
      .then(() => void this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  async #conclude(one: Watched): Promise<void> {
    const {attempt} = one;
    // Its script was killed alone, perhaps: what it left running must not meet the next attempt.
    let exit = exitOf(attempt);
    if (!exit) {
      await this.executor.cancel(attempt.job);
      exit = exitOf(attempt);
    }
    const settled: Settled = await settle(attempt, exit, one.report);
    if (settled.kind === 'done') {
      await seal(attempt.dir, settled.record);
      await dropJob(attemptPaths(attempt.dir));
    }
    // Nothing waits between here and the watcher: who judges the step meanwhile finds the job, or its result.
    const end: End =
      settled.kind === 'done'
        ? {...settled, dir: commit(attempt.dir, settled.record, this.books, one.watcher.telling)}
        : {...settled, ended: one.era};
    this.#watched.delete(attempt.dir);
    this.heard(attempt, settled);
    one.watcher.ended(end);
  }
}

const SEEN: readonly (Liveness | 'settling')[] = ['waiting', 'running', 'held'];
