import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';

/**
 * Processes of the job in `dir` that go on although its script was killed, their descendants included. They carry the
 * attempt in their environment, or work in its folder in the session of its script; a user's shell in that folder does neither. What
 * keeps secrets out of the job's logs is not among them: it ends when they have, and searches first what they left.
 */
export function leftovers(dir: string, scriptsSession: number): number[] {
  const mark = `PTB_STEP=${join(dir, 'step.json')}\0`;
  const filter = Number(tell(() => readFileSync(join(dir, 'claimed', 'filter'), 'utf8')));
  const all = table();
  const found = new Set<number>();
  for (const {pid, session} of all) {
    if (pid === process.pid || pid === filter) continue;
    const cwd = session === scriptsSession ? tell(() => readlinkSync(`/proc/${pid}/cwd`)) : '';
    const inside = cwd === dir || cwd.startsWith(`${dir}/`);
    if (inside || tell(() => readFileSync(`/proc/${pid}/environ`, 'utf8')).includes(mark)) found.add(pid);
  }
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const {pid, parent} of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

type Row = {readonly pid: number; readonly parent: number; readonly session: number};

/** All processes that still run; none where there is no /proc. */
const table = (): Row[] =>
  processNames().flatMap((name) => {
    const stat = tell(() => readFileSync(`/proc/${name}/stat`, 'utf8'));
    const [state, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (session === undefined || state === 'Z' || state === 'X') return [];
    return [{pid: Number(name), parent: Number(parent), session: Number(session)}];
  });

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty for a process that has ended meanwhile, or is another user's. */
function tell(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
