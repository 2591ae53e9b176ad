import type {Step} from '../graph/step.js';
import {readPauses, writePauses} from '../store/pauses.js';
import type {Attempt} from './attempt.js';
import type {Emit} from './event.js';
import {keptBy, pauseAfter, tokensOf, type Limits, type Pause} from './schedule.js';
import type {TurnedAway} from './settle.js';

/** The named limits of a run: who holds their tokens, and which are paused. Pauses are on disk, so that they outlive it. */
export class RunLimits {
  readonly #pauses: Map<string, Pause>;

  constructor(
    private readonly limits: Limits,
    private readonly file: string,
    private readonly emit: Emit,
  ) {
    this.#pauses = new Map(readPauses(file));
    const now = Date.now();
    for (const [limit, {until, because}] of this.#pauses) if (until > now) this.#tell(limit, until, because);
  }

  /** Whether a limit keeps a step from starting beside those that run. */
  keeps(step: Step, running: readonly Attempt[]): boolean {
    if (step.spec.uses.length === 0) return false;
    const taken = tokensOf(running.map(({record}) => record));
    return keptBy(step, taken, this.limits, this.#pauses, Date.now()) !== undefined;
  }

  /** A job has ended: turned away by what it uses, or else proof that this serves again. */
  ended(uses: readonly string[], turnedAway: TurnedAway | undefined, end: 'done' | 'failed'): void {
    const now = Date.now();
    let changed = false;
    for (const limit of uses) {
      const earlier = this.#pauses.get(limit);
      if (turnedAway !== undefined && (turnedAway.limit ?? limit) === limit) {
        const pause = pauseAfter(earlier, turnedAway.because, turnedAway.retryAfterSeconds, now);
        if (pause === earlier) continue;
        this.#pauses.set(limit, pause);
        this.#tell(limit, pause.until, pause.because);
        changed = true;
      } else if (end === 'done' && earlier !== undefined && earlier.until <= now) {
        this.#pauses.delete(limit);
        changed = true;
      }
    }
    if (changed) writePauses(this.file, this.#pauses);
  }

  #tell(limit: string, until: number, because: string): void {
    this.emit({kind: 'paused', limit, until: new Date(until).toISOString(), because});
  }
}
