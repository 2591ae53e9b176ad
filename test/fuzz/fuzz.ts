import {fork, spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Giant} from './giants.js';
import type {Word} from './worker.js';

export type Finding = {readonly n: number; readonly target: string; readonly wrong: string; readonly said: string};

/** A case that takes more of a processor is a finding; by the clock a loaded machine is given more before it is cut off. */
const SLOW_MS = 2000;
const HANG_MS = 60_000;
const MEMORY_MB = 512;
const BATCH = 1000;

/** What may be read of 100 MB at once is 64 MB of JSON, which is larger as objects. In MB, of a whole process. */
const GIANT_MB = 750;
const GIANT_MS = 20_000;

/** Each giant in a process of its own, one after the other. */
export async function giants(): Promise<Fuzzed> {
  const {NAMES} = await import('./giants.js');
  const fuzzed: Fuzzed = {findings: [], peakMb: 0};
  for (const [n, name] of NAMES.entries()) {
    const program = fileURLToPath(new URL('giants.ts', import.meta.url));
    const {stdout, stderr} = spawnSync(process.execPath, ['--import', 'tsx', program, name], {
      encoding: 'utf8',
      timeout: HANG_MS * 2,
    });
    const giant = stdout === '' ? undefined : (JSON.parse(stdout) as Giant);
    fuzzed.peakMb = Math.max(fuzzed.peakMb, giant?.peakMb ?? 0);
    const wrong =
      giant === undefined
        ? 'it hangs or died'
        : (giant.wrong ??
          (giant.peakMb > GIANT_MB ? `${giant.peakMb.toFixed(0)} MB` : undefined) ??
          (giant.ms > GIANT_MS ? `${(giant.ms / 1000).toFixed(1)} s` : undefined));
    if (wrong !== undefined) fuzzed.findings.push({n, target: name, wrong, said: giant?.said ?? stderr.slice(-2000)});
  }
  return fuzzed;
}

/** `peakMb`: the most memory that any process of it took. */
export type Fuzzed = {readonly findings: Finding[]; peakMb: number};

/** Runs these many cases. A worker that hangs or dies costs one case: the next one goes on behind it. */
export async function fuzz(
  runs: number,
  seed: number,
  progress: (done: number, found: readonly Finding[]) => void = () => undefined,
): Promise<Fuzzed> {
  const fuzzed: Fuzzed = {findings: [], peakMb: 0};
  for (let from = 0; from < runs;) {
    from = await batch(seed, from, Math.min(runs, from + BATCH), fuzzed);
    progress(from, fuzzed.findings);
  }
  return fuzzed;
}

/** Where the next batch begins. */
function batch(seed: number, from: number, to: number, fuzzed: Fuzzed): Promise<number> {
  const {findings} = fuzzed;
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [seed, from, to].map(String), {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${MEMORY_MB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return new Promise((resolve) => {
    let at: Word | undefined;
    let next = from;
    let died = '';
    let watchdog: NodeJS.Timeout | undefined;
    worker.stderr!.on('data', (data: Buffer) => (died = (died + data.toString()).slice(-2000)));
    worker.on('message', (word: Word) => {
      clearTimeout(watchdog);
      const {n, target, end} = word;
      at = end ? undefined : word;
      if (!end) {
        watchdog = setTimeout(() => worker.kill('SIGKILL'), HANG_MS);
        return;
      }
      next = n + 1;
      fuzzed.peakMb = Math.max(fuzzed.peakMb, end.peakMb);
      const wrong = end.wrong ?? (end.ms > SLOW_MS ? `${(end.ms / 1000).toFixed(1)} s` : undefined);
      if (wrong !== undefined) findings.push({n, target, wrong, said: end.said});
    });
    worker.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (at) {
        findings.push({
          n: at.n,
          target: at.target,
          wrong: signal === 'SIGKILL' ? 'it hangs' : `it died (${code ?? signal})`,
          said: died,
        });
        next = at.n + 1;
      } else if (code !== 0) {
        findings.push({n: next, target: 'worker', wrong: `it died (${code ?? signal})`, said: died});
        next = to;
      }
      resolve(next);
    });
  });
}
