import {spawn, type ChildProcess} from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {once} from 'node:events';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {killBelow} from '../rig/processes.js';

/** In which watchers come to rest. */
const START_MS = 5000;

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const WRITER = fileURLToPath(new URL('write_log.py', import.meta.url));

/** Linux counts processor time of processes in hundredths of a second. */
const TICKS = 100;

export type Load = {
  readonly jobs: number;
  readonly seconds: number;
  /** Of each job's log. */
  readonly mbPerSecond: number;
  /** `ptb pipeline status --watch`. */
  readonly watchers: number;
};

/** What one process took while all jobs wrote: the share of one core, and its most memory in MB. */
export type Taken = {readonly cpu: number; readonly mb: number};

export type Loaded = {
  readonly controller: Taken;
  /** The sum of their shares, and the memory of the largest. */
  readonly watchers: Taken;
  /** From the word to go to the end of the run. */
  readonly seconds: number;
  readonly logMb: number;
  /** What is wrong with the logs; empty where every line is there, whole and in its place. */
  readonly wrong: readonly string[];
};

/** Runs them all, in a project of its own, and reads every log to its end. */
export async function load({jobs, seconds, mbPerSecond, watchers}: Load): Promise<Loaded> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ptb-load-')));
  const started: ChildProcess[] = [];
  const go = join(root, 'go');
  try {
    const names = Array.from({length: jobs}, (_, n) => `j${n}`);
    mkdirSync(join(root, 'stages/write'), {recursive: true});
    writeFileSync(
      join(root, 'pipeline.yaml'),
      `name: load\nmatrix: {job: [${names.join(', ')}]}\nexecutor: {use: local, cpus: ${jobs}, memory: ${jobs}GB}\nsandbox: {use: none}\n`,
    );
    writeFileSync(
      join(root, 'stages/write/stage.yaml'),
      `for: [job]\nrun: [python3, ${WRITER}, "${mbPerSecond}", "${seconds}", ${go}]\nresources: {cpus: 1, memory: 100MB}\noutputs: {out: {path: out.txt, optional: true}}\n`,
    );
    const ptb = (...args: string[]): ChildProcess => {
      const child = spawn(process.execPath, [MAIN, 'pipeline', ...args], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      started.push(child);
      return child;
    };
    const controller = ptb('run', '--quiet');
    const ended = once(controller, 'exit');
    await Promise.race([begun(root, jobs), ended]);
    const watching = Array.from({length: watchers}, () => ptb('status', '--watch'));
    const measured = [controller, ...watching];
    // What it costs to start is not what it costs to watch.
    await sleep(START_MS);
    const before = measured.map(cpuOf);
    const began = performance.now();
    writeFileSync(go, '');
    await sleep((seconds - 1) * 1000);
    const took = (performance.now() - began) / 1000;
    const shares = measured.map((child, n) => (cpuOf(child) - before[n]!) / took);
    const sizes = measured.map(peakOf);
    const [code] = (await ended) as [number | null];
    const ends = (performance.now() - began) / 1000;
    for (const child of watching) if (child.exitCode === null) await once(child, 'exit');
    const results = join(root, 'runs/results/write');
    const logs = (existsSync(results) ? readdirSync(results) : []).map((folder) => join(results, folder));
    const lines = Math.round((mbPerSecond * 1e6 * seconds) / 100);
    const wrong = [
      ...(code === 0 ? [] : [`the run ended with ${String(code)}`]),
      ...(logs.length === jobs ? [] : [`${logs.length} of ${jobs} jobs have a result`]),
    ];
    for (const folder of logs) {
      wrong.push(
        ...(await faults(join(folder, 'stdout.log'), lines, 1)),
        ...(await faults(join(folder, 'stderr.log'), lines, 10)),
      );
    }
    return {
      controller: {cpu: shares[0]!, mb: sizes[0]!},
      watchers: {cpu: shares.slice(1).reduce((sum, one) => sum + one, 0), mb: Math.max(0, ...sizes.slice(1))},
      seconds: ends,
      logMb: (logs.length * lines * 100 * 1.1) / 1e6,
      wrong,
    };
  } finally {
    for (const child of started) child.kill('SIGKILL');
    await killBelow(root);
    rmSync(root, {recursive: true, force: true});
  }
}

/** Waits until every job has begun. */
async function begun(root: string, jobs: number): Promise<void> {
  const attempts = join(root, 'runs/attempts/write');
  const writes = (folder: string): boolean => existsSync(join(attempts, folder, '1/claimed/owner'));
  while (!existsSync(attempts) || readdirSync(attempts).filter(writes).length < jobs) await sleep(50);
}

/** Seconds of processor time so far: user and system, fields 14 and 15 of /proc/PID/stat (proc(5)). */
function cpuOf({pid}: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const peakOf = ({pid}: ChildProcess): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid!}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Every `step`th line is to be there, each once, whole and in order. */
async function faults(file: string, lines: number, step: number): Promise<string[]> {
  let next = 0;
  for await (const line of createInterface({input: createReadStream(file)})) {
    const wanted = `line ${String(next).padStart(9, '0')} `.padEnd(99, 'x');
    if (line !== wanted) return [`${file}: line ${next / step + 1} is ${JSON.stringify(line.slice(0, 120))}`];
    next += step;
  }
  return next >= lines ? [] : [`${file} ends behind line ${next / step}`];
}
