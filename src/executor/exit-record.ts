import type {Outcome} from '../base/outcome.js';
import {isObject} from '../base/json.js';

/** What `job.sh` writes as its very last act. Times are epoch milliseconds; `memoryMb` is sampled. */
export type ExitRecord = {
  readonly version: 1;
  readonly phase: 'prepare' | 'run';
  readonly endedBy: 'itself' | 'time' | 'cancel';
  readonly code: number;
  readonly started: number;
  /** Start of `run`; null when `prepare` failed or is all there is. */
  readonly runStarted: number | null;
  readonly ended: number;
  readonly memoryMb: number | null;
  /** Processes of the machine that the kernel killed for memory meanwhile (oom_kill of /proc/vmstat). */
  readonly oomKills: number;
  readonly host: string;
};

/** Undefined for anything but a whole record: a truncated file is no record. */
export function parseExitRecord(text: string): ExitRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value.version !== 1) return undefined;
  const numbers = [value.code, value.started, value.ended].every((number) => typeof number === 'number');
  return numbers ? (value as unknown as ExitRecord) : undefined;
}

/** bash reports the death of a child by signal n as 128 + n. */
const SIGNALS: ReadonlyMap<number, string> = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [6, 'SIGABRT'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [15, 'SIGTERM'],
]);

export function outcomeOf({endedBy, code, started, runStarted, ended, memoryMb, oomKills}: ExitRecord): Outcome {
  if (endedBy === 'time')
    return {kind: 'timed-out', afterSeconds: Math.round((ended - (runStarted ?? started)) / 1000)};
  if (endedBy === 'cancel') return {kind: 'stopped'};
  const signal = SIGNALS.get(code - 128);
  if (signal === undefined) return {kind: 'exited', code};
  return signal === 'SIGKILL' && oomKills > 0 ? {kind: 'out-of-memory', memoryMb} : {kind: 'killed', signal};
}
