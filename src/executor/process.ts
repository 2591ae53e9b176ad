import {readFileSync} from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. `-` where the system does not tell. */
export type ProcessId = {readonly pid: number; readonly start: string; readonly boot: string};

/** This machine's boot, or `-`. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '-';
  }
}

/** Ticks from boot to the start of a process (proc(5) stat, field 22), or `-`; also for one that is dead and was not waited for. */
export function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? '-' : (rest[18] ?? '-');
  } catch {
    return '-';
  }
}

export const thisProcess = (): ProcessId => ({pid: process.pid, start: startTime(process.pid), boot: bootId()});

export function isAlive({pid, start, boot}: ProcessId): boolean {
  if (boot !== bootId() || !exists(pid)) return false;
  return start === '-' || startTime(pid) === start;
}

/** Whether any process has this pid now. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
