import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {processes} from '../rig/processes.js';
import {open, readLog} from './log.js';
import type {ChaosProject} from './project.js';
import type {Random} from './random.js';

/** What of a job is killed: its command, the script around it, or both. */
export type Aim = 'command' | 'script' | 'session';
export const AIMS: readonly Aim[] = ['command', 'script', 'session'];

/** Kills a part of one running job; says which attempt, or undefined when none runs. */
export function killJob({root, log}: ChaosProject, aim: Aim, random: Random): string | undefined {
  const running = open(readLog(log));
  if (running.length === 0) return undefined;
  const {attempt} = random.pick(running);
  const leader = leaderOf(join(root, 'runs/attempts', attempt));
  if (leader === undefined) return undefined;
  const session = processes().filter(({session, pid}) => session === leader || pid === leader);
  const rest = session.filter(({pid}) => pid !== leader).map(({pid}) => pid);
  if (session.length === rest.length) return undefined; // it has just ended
  // The script starts its command first, then what watches over it.
  const aimed = aim === 'script' ? [leader] : aim === 'session' ? [leader, ...rest] : commandOf(leader, rest);
  for (const pid of aimed) kill(pid);
  return attempt;
}

/** The process group of the job's first child. */
function commandOf(leader: number, rest: readonly number[]): number[] {
  const groups = rest.map((pid) => [pid, ...relation(pid)] as const);
  const first = groups.filter(([, parent]) => parent === leader).map(([pid]) => pid)[0];
  return first === undefined ? [] : groups.filter(([, , group]) => group === first).map(([pid]) => pid);
}

function relation(pid: number): [parent: number, group: number] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [Number(parent), Number(group)];
  } catch {
    return [0, 0];
  }
}

function leaderOf(attempt: string): number | undefined {
  try {
    return Number(readFileSync(join(attempt, 'claimed/owner'), 'utf8').split(' ')[0]);
  } catch {
    return undefined; // committed, or failed and moved, meanwhile
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended by itself
  }
}

/** Processes that have anything to do with a project: work in it, or were started with its path. */
export function processesOf(root: string): {readonly pid: number; readonly args: string}[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const read = (file: string): string => attempt(() => readFileSync(`/proc/${name}/${file}`, 'utf8'));
      const cwd = attempt(() => readlinkSync(`/proc/${name}/cwd`));
      const args = read('cmdline');
      const isRelay = args.includes('\0relay\0') || args.startsWith('cat\0');
      return !isRelay && (args.includes(root) || cwd.startsWith(root) || read('environ').includes(root))
        ? [{pid: Number(name), args: args.replaceAll('\0', ' ').trim()}]
        : [];
    });
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // ended meanwhile
  }
}
