import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {until} from './until.js';

export type ProcessInfo = {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly state: string;
  readonly cwd: string;
  readonly args: readonly string[];
};

/** Processes of this machine that still run: a zombie has ended. */
export const processes = (): ProcessInfo[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
        const cwd = readlinkSync(`/proc/${name}/cwd`);
        return [{pid: Number(name), parent: Number(parent), session: Number(session), state: state!, cwd, args}];
      } catch {
        return []; // ended meanwhile, or another user's
      }
    })
    .filter(({state}) => state !== 'Z' && state !== 'X');

export const isRunning = (pid: number): boolean => processes().some((one) => one.pid === pid);

export const sessionOf = (pid: number): number | undefined => processes().find((one) => one.pid === pid)?.session;

/** KILL, to each by its pid; parents first, so that none is left to record the death of its children. */
export function kill(some: readonly ProcessInfo[]): void {
  const parents = new Map(some.map(({pid, parent}) => [pid, parent]));
  const depth = (pid: number): number => (parents.has(pid) ? 1 + depth(parents.get(pid)!) : 0);
  for (const {pid} of [...some].sort((a, b) => depth(a.pid) - depth(b.pid))) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ended by itself
    }
  }
}

/** Processes that work below a folder, the jobs of a project in it among them, with all of their sessions. */
export function processesBelow(root: string): ProcessInfo[] {
  const all = processes();
  const below = all.filter(({cwd}) => cwd === root || cwd.startsWith(`${root}/`));
  const own = all.find(({pid}) => pid === process.pid)?.session;
  const sessions = new Set(below.map(({session}) => session).filter((session) => session !== own));
  return all.filter((one) => below.includes(one) || sessions.has(one.session));
}

/** Processes that work below a folder, but for the daemons of a batch system that look after them. */
export const workersBelow = (root: string): ProcessInfo[] =>
  processes().filter(
    ({cwd, args}) => (cwd === root || cwd.startsWith(`${root}/`)) && !/condor_|slurm/.test(args[0] ?? ''),
  );

/** Ends, by pid, what still works below a folder that only a test knows. */
export async function killBelow(root: string, find = processesBelow): Promise<void> {
  await until(() => {
    const left = find(root).filter(({pid}) => pid !== process.pid);
    kill(left);
    return left.length === 0;
  }, 'the last process of the test is gone');
}
