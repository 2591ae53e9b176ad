import {BOUNDED, type Exceeded, type Outcome} from '../base/outcome.js';
import {fits, type Shape} from '../base/fits.js';
import {isObject, parseJson} from '../base/json.js';

/** Of a job with secrets: in how many files that it left one was masked, and how many could not be searched. */
export type Redacted = {readonly files: number; readonly unsearched: number};

/** What `job.sh` writes as its very last act. Times are epoch milliseconds; `memoryMb` is sampled. */
export type ExitRecord = {
  readonly version: 1;
  readonly phase: 'prepare' | 'run';
  /** The last three: it took more than it may. */
  readonly endedBy: 'itself' | 'time' | 'cancel' | Exceeded;
  readonly code: number;
  readonly started: number;
  /** Start of `run`; null when `prepare` failed or is all there is. */
  readonly runStarted: number | null;
  readonly ended: number;
  /** Milliseconds by a clock that nobody sets, from `started` and from `runStarted`; absent in records of earlier versions. */
  readonly wallMs?: number;
  readonly activeMs?: number | null;
  readonly memoryMb: number | null;
  /** Processes of the machine that the kernel killed for memory meanwhile (oom_kill of /proc/vmstat). */
  readonly oomKills: number;
  /** The disk was full when it failed, by what others hold; absent in records of earlier versions. */
  readonly diskFull?: boolean;
  /** UUIDs of the GPUs that it had; absent in records of earlier versions. */
  readonly gpus?: readonly string[];
  /** Null of a job without secrets. */
  readonly redacted?: Redacted | null;
  readonly host: string;
};

const EXIT: Shape = {
  phase: ['prepare', 'run'],
  endedBy: ['itself', 'time', 'cancel', ...BOUNDED],
  code: 'number',
  started: 'moment',
  runStarted: 'moment or null',
  ended: 'moment',
  'wallMs?': 'number',
  'activeMs?': 'number or null',
  memoryMb: 'number or null',
  'diskFull?': 'boolean',
  'gpus?': 'texts',
  host: 'text',
};

/** Undefined for anything but a whole record: a truncated file is no record. */
export function parseExitRecord(text: string): ExitRecord | undefined {
  const value = parseJson(text);
  return isObject(value) && value.version === 1 && fits(value, EXIT) ? (value as unknown as ExitRecord) : undefined;
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

/** Milliseconds of the whole job and of its run script. */
export function timesOf({started, runStarted, ended, wallMs, activeMs}: ExitRecord): {wall: number; active: number} {
  return {
    wall: wallMs ?? Math.max(0, ended - started),
    active: activeMs ?? (runStarted === null ? 0 : Math.max(0, ended - runStarted)),
  };
}

export function outcomeOf(record: ExitRecord): Outcome {
  const {endedBy, code, memoryMb, oomKills, diskFull, host} = record;
  if (endedBy === 'time') {
    const {wall, active} = timesOf(record);
    return {kind: 'timed-out', afterSeconds: Math.round((active || wall) / 1000)};
  }
  if (endedBy === 'cancel') return {kind: 'stopped'};
  if (endedBy !== 'itself') return {kind: 'exceeded', what: endedBy};
  if (code !== 0 && diskFull === true) return {kind: 'lost', because: `the disk was full on ${host}`};
  const signal = SIGNALS.get(code - 128);
  if (signal === undefined) return {kind: 'exited', code};
  return signal === 'SIGKILL' && oomKills > 0 ? {kind: 'out-of-memory', memoryMb} : {kind: 'killed', signal};
}
