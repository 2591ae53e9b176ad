import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {stringify} from 'yaml';
import {PTB, write, type Command} from '../tool.js';

const start = ({argv: [program, ...args], env}: Command, cwd: string): ChildProcess =>
  spawn(program, args, {cwd, stdio: 'ignore', detached: true, env: {...process.env, ...env}});

export type Resumed = {
  /** Seconds from the second call to the first new output. */
  readonly output: number;
  /** To the first line of the journal, of a tool that keeps one. */
  readonly decision?: number;
};

/** SIGKILL to a run of which the last stage is missing, as soon as it has made `before` outputs in `made`; then the same again. */
export async function resumed(
  folder: string,
  first: Command,
  again: Command,
  made: string,
  before = 20,
): Promise<Resumed> {
  const count = (): number => {
    const dir = join(folder, made);
    return existsSync(dir) ? readdirSync(dir).length : 0;
  };
  const none = count();
  const killed = start(first, folder);
  while (count() < none + before) await sleep(1);
  process.kill(-killed.pid!, 'SIGKILL');
  await once(killed, 'exit');
  await sleep(500); // What was under way ends.
  const [begun, known] = [count(), new Set(journals(folder))];
  const began = Date.now();
  const second = start(again, folder);
  let decision: number | undefined;
  try {
    while (count() === begun) {
      if (second.exitCode !== null) throw new Error(`${again.argv.join(' ')} in ${folder} left nothing to resume`);
      decision ??= firstLine(folder, known)?.since(began);
      await sleep(2);
    }
    const output = (Date.now() - began) / 1000;
    return decision === undefined ? {output} : {output, decision};
  } finally {
    process.kill(-second.pid!, 'SIGKILL');
    if (second.exitCode === null) await once(second, 'exit');
  }
}

/** Of a journal that was not there before. */
function firstLine(folder: string, known: ReadonlySet<string>): {since: (began: number) => number} | undefined {
  const mine = journals(folder).find((name) => !known.has(name));
  const [line] = mine === undefined ? [] : readFileSync(join(folder, 'runs/journal', mine), 'utf8').split('\n');
  if (!line) return undefined;
  const {time} = JSON.parse(line) as {readonly time: string};
  return {since: (began) => (Date.parse(time) - began) / 1000};
}

const journals = (folder: string): string[] =>
  existsSync(join(folder, 'runs/journal')) ? readdirSync(join(folder, 'runs/journal')) : [];

/** What the controller takes while 64 jobs run for a minute: percent of one core, and megabytes at most. */
export async function idle(folder: string): Promise<{readonly percent: number; readonly megabytes: number}> {
  write(folder, {
    'pipeline.yaml': stringify({
      name: 'idle',
      matrix: {cell: Array.from({length: 64}, (_, n) => `c${n}`)},
      executor: {use: 'local', cpus: 64, memory: '256GB'},
      sandbox: {use: 'none'},
    }),
    'stages/s/stage.yaml': stringify({for: ['cell'], run: ['sleep', '75'], outputs: {o: {path: 'o', optional: true}}}),
  });
  const run = start({argv: [process.execPath, PTB, 'pipeline', 'run', '--quiet']}, folder);
  await sleep(10_000);
  const before = ticks(run.pid!);
  await sleep(60_000);
  const used = (ticks(run.pid!) - before) / 100;
  const [, peak] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${run.pid}/status`, 'utf8'))!;
  await once(run, 'exit');
  return {percent: (used / 60) * 100, megabytes: Number(peak) / 1000};
}

/** CPU time so far, in hundredths of a second. */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Bytes that ptb keeps of each step beyond its outputs and logs. */
export function stateBytes(folder: string, steps: number): number {
  const runs = join(folder, 'runs');
  const files = readdirSync(runs, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
  const own = files.filter(({name, parentPath}) => !name.endsWith('.log') && !/\/out(\/|$)/.test(parentPath));
  return own.reduce((sum, {name, parentPath}) => sum + statSync(join(parentPath, name)).size, 0) / steps;
}
