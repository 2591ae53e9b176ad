import type {Estimate} from '../plan/estimate.js';
import type {Resources} from '../graph/spec.js';
import type {Step} from '../graph/step.js';

/** What the order of submission goes by: the place of its stage, the seconds that it is expected to take, its place in the matrix. */
export type Urgency = {readonly depth: number; readonly seconds: number; readonly position: number};

/**
 * The order of submission: later stages first, so that cells become complete and free their disk; within a stage the
 * longest first, so that no long job is left alone at the end; then the order of the matrix.
 */
export const compareUrgency = (a: Urgency, b: Urgency): number =>
  b.depth - a.depth || b.seconds - a.seconds || a.position - b.position;

/**
 * How long a step is expected to run: the median of past results that are like it, else its time limit; 0 where there is
 * neither.
 */
export function expectedSeconds({spec: {resources}}: Step, {gpuHours, results}: Estimate): number {
  if (results === 0 || gpuHours === null || resources.gpus === 0) return resources.seconds ?? 0;
  return Math.round((gpuHours.median * 3600) / resources.gpus);
}

/** Whether whoever had no room for `refused` has none for `other` either. */
export const asksAsMuch = (other: Resources, refused: Resources): boolean =>
  other.gpus >= refused.gpus && other.cpus >= refused.cpus && other.memoryMb >= refused.memoryMb;

/** How many jobs may use what is shared at once, by its name; what is not named is unlimited. */
export type Limits = ReadonlyMap<string, number>;

/** Until when no job that uses a limit may start. Times are epoch milliseconds. */
export type Pause = {
  readonly until: number;
  /** In the words of the job that asked for it. */
  readonly because: string;
  /** Pauses in a row, without a job in between that ended well. */
  readonly times: number;
};

export type Pauses = ReadonlyMap<string, Pause>;

/** The names of the limits that a step uses. */
export const usedBy = ({spec}: Step): string[] => spec.uses.map(({limit}) => limit);

/** How many of these jobs use each limit. */
export function tokensOf(running: readonly {readonly uses?: readonly string[]}[]): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const limit of running.flatMap(({uses = []}) => uses)) taken.set(limit, (taken.get(limit) ?? 0) + 1);
  return taken;
}

/** The limit that keeps a step from starting now, if one does: it is paused, or running jobs hold all its tokens. */
export const keptBy = (
  step: Step,
  taken: ReadonlyMap<string, number>,
  limits: Limits,
  pauses: Pauses,
  now: number,
): string | undefined =>
  usedBy(step).find(
    (limit) => (pauses.get(limit)?.until ?? 0) > now || (taken.get(limit) ?? 0) >= (limits.get(limit) ?? Infinity),
  );

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** A job may be told to come back tomorrow, but what it says of itself must not stop a run for good. */
const LONGEST_ASKED_MS = 86_400_000;

/**
 * The pause after a job was turned away: as long as it was told, else a minute, which doubles from pause to pause up to an
 * hour. Jobs that were under way when it began do not make it longer each.
 */
export function pauseAfter(
  earlier: Pause | undefined,
  because: string,
  retryAfterSeconds: number | undefined,
  now: number,
): Pause {
  const isOn = earlier !== undefined && earlier.until > now;
  const times = isOn ? earlier.times : (earlier?.times ?? 0) + 1;
  const own = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(times - 1, 10));
  if (retryAfterSeconds === undefined) return isOn ? earlier : {until: now + own, because, times};
  const asked = now + Math.min(LONGEST_ASKED_MS, retryAfterSeconds * 1000);
  return isOn && earlier.until >= asked ? earlier : {until: asked, because, times};
}
