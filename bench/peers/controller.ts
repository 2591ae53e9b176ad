import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {stringify} from 'yaml';
import {PTB, write, type Command} from '../tool.js';
import {fill} from './fill.js';

const start = ({argv: [program, ...args]}: Command, cwd: string): ChildProcess =>
  spawn(program, args, {cwd, stdio: 'ignore', detached: true});

/** Seconds from a second run's call to its first decision, after SIGKILL to the first run among these steps. */
export async function resumed(folder: string, command: Command): Promise<number> {
  // The last stage is missing.
  fill(folder, (id) => !id.startsWith('s5:'));
  const first = start(command, folder);
  await sleep(4000);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const before = new Set(journals(folder));
  const began = Date.now();
  const second = start(command, folder);
  try {
    for (;;) {
      const mine = journals(folder).find((name) => !before.has(name));
      const [line] = mine === undefined ? [] : readFileSync(join(folder, 'runs/journal', mine), 'utf8').split('\n');
      if (line) return (Date.parse((JSON.parse(line) as {readonly time: string}).time) - began) / 1000;
      await sleep(5);
    }
  } finally {
    second.kill('SIGKILL');
    await once(second, 'exit');
  }
}

const journals = (folder: string): string[] => readdirSync(join(folder, 'runs/journal'));

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
