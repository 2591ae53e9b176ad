import type {Step, StepId} from '../graph/step.js';
import {unordered} from '../plan/key.js';
import type {Verdict} from '../plan/plan.js';
import {changedPaths} from '../plan/reason.js';
import {openAttempts} from '../store/attempt.js';
import {dropJob} from '../store/collect.js';
import {attemptPaths} from '../store/paths.js';
import type {StoredHistory} from '../store/history.js';
import {readResult} from '../store/result.js';
import {existing, refuse, type Attempt} from './attempt.js';
import {commit, type Books} from './commit.js';
import type {End, Jobs, Watcher} from './jobs.js';

export type StraysRequest = Books & {
  /** Another pipeline's steps are not these steps, whatever their names. */
  readonly pipeline: string;
  readonly executorKind: string;
  readonly history: StoredHistory;
};

/** What a step that is to run finds of its earlier attempts. */
export type Meeting =
  | {readonly kind: 'none'}
  /** Its own, under the key that it has. */
  | {readonly kind: 'own'; readonly attempt: Attempt}
  /** One under another key goes on; the step is judged again when it has ended. */
  | {readonly kind: 'waits'}
  /** One that cannot be asked after from here. */
  | {readonly kind: 'elsewhere'; readonly because: string};

/**
 * Attempts of earlier runs that no step of this one has taken up: their key no longer holds, or is not known yet, or no step
 * asks for them. Their jobs keep their slots, and become results under their own keys.
 */
export class Strays {
  readonly #bySteps = new Map<string, Attempt[]>();
  /** Steps that wait for a stray, by their unordered ids. */
  readonly #waiting = new Map<string, StepId>();

  constructor(
    private readonly request: StraysRequest,
    private readonly jobs: Jobs,
    /** Called with a step that waits no more. */
    private readonly refresh: (step: StepId) => void,
  ) {}

  /** How many steps wait for a stray. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes up all that earlier runs left unsettled: jobs to wait for or to settle, renames to repeat. */
  async takeUp(): Promise<void> {
    const {runs, history, executorKind} = this.request;
    for (const found of openAttempts(runs.attempts)) {
      if (found.kind === 'ready') {
        await dropJob(attemptPaths(found.dir));
        commit(found.dir, readResult(found.dir)!, this.request, 'committing');
        continue;
      }
      const attempt = existing(found.job, found.dir);
      const id = this.#idOf(attempt);
      this.#bySteps.set(id, [...(this.#bySteps.get(id) ?? []), attempt]);
      if (attempt.record.executor !== executorKind) continue;
      const watcher: Watcher = {
        telling: 'stray-done',
        ended: (end) => this.#ended(attempt, end),
        absent: () => this.#release(id),
      };
      this.jobs.watch(attempt, watcher, 'earlier');
    }
    history.forget();
  }

  /** Whether a step may start, so that it never runs twice at once. `isAskedFor`: its job under another key is then ended. */
  meet(step: Step, {key, doc}: Extract<Verdict, {kind: 'run'}>, isAskedFor: boolean): Meeting {
    const {emit, executorKind} = this.request;
    const strays = this.#bySteps.get(unordered(step.id)) ?? [];
    const elsewhere = strays.find(({record}) => record.executor !== executorKind)?.record;
    if (elsewhere) {
      const {attempt, executor} = elsewhere;
      const because = `its attempt ${attempt} is with executor "${executor}"; settle it with --set executor.use=${executor}`;
      return {kind: 'elsewhere', because};
    }
    const own = strays.find(({record}) => record.key === key);
    if (own) {
      this.#drop(own);
      return {kind: 'own', attempt: own};
    }
    for (const stray of strays) {
      if (this.jobs.liveness(stray.dir) === undefined) {
        refuse(stray, 'stopped', 'it was never started, and its key no longer holds');
        this.#drop(stray);
        continue;
      }
      this.#waiting.set(unordered(step.id), step.id);
      const {attempt, name: job} = stray.record;
      const paths = changedPaths(stray.record.doc, doc);
      emit({kind: isAskedFor ? 'ending' : 'waits', step: step.id, attempt, job, paths});
      if (isAskedFor) this.jobs.end(stray);
    }
    return {kind: this.#waiting.has(unordered(step.id)) ? 'waits' : 'none'};
  }

  /** At the end of a run: what was made and never started, and nobody asked for, will not start any more. */
  close(): void {
    for (const stray of [...this.#bySteps.values()].flat()) {
      if (stray.record.executor !== this.request.executorKind || this.jobs.liveness(stray.dir) !== undefined) continue;
      refuse(stray, 'stopped', 'it was never started, and no step asked for it');
      this.#drop(stray);
    }
  }

  #ended(stray: Attempt, end: End): void {
    const {history, emit} = this.request;
    const {step, key, attempt} = stray.record;
    this.#drop(stray);
    history.forget();
    if (end.kind === 'failed') {
      const {failure, bill} = end;
      emit({kind: 'stray-failed', step, key, attempt, failure, bill, dir: stray.dir});
    }
    this.#release(this.#idOf(stray));
  }

  /** The step that waits here, if one does, is judged by what there is now. */
  #release(id: string): void {
    const waits = this.#waiting.get(id);
    if (waits === undefined) return;
    this.#waiting.delete(id);
    this.refresh(waits);
  }

  #drop(stray: Attempt): void {
    const id = this.#idOf(stray);
    const rest = (this.#bySteps.get(id) ?? []).filter(({dir}) => dir !== stray.dir);
    if (rest.length > 0) this.#bySteps.set(id, rest);
    else this.#bySteps.delete(id);
  }

  #idOf({record: {pipeline = this.request.pipeline, step}}: Attempt): string {
    return pipeline === this.request.pipeline ? unordered(step) : `${pipeline}/${unordered(step)}`;
  }
}
