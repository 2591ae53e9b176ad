import {mkdtempSync, readFileSync, realpathSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import type {Command} from '../tool.js';

export type Measured = {readonly seconds: number; readonly megabytes: number};

/** A new folder of its own. */
export const fresh = (name: string): string =>
  realpathSync(mkdtempSync(join(tmpdir(), `bench-${name.replace(/\W+/g, '-')}-`)));

/** Wall time and peak memory (of the process itself; GNU time) of one command. It must succeed. */
export async function measure({argv, env = {}}: Command, folder: string): Promise<Measured> {
  const told = join(folder, '.time');
  const began = performance.now();
  const {exitCode, all} = await execa('/usr/bin/time', ['-f', '%e %M', '-o', told, ...argv], {
    cwd: folder,
    env,
    // Not a pipe: those of Node are sockets, and a bash that finds one reads ~/.bashrc, at each step of a tool that starts one.
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  const seconds = (performance.now() - began) / 1000;
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} in ${folder} exited with ${exitCode}:\n${all.slice(-2000)}`);
  const kilobytes = Number(readFileSync(told, 'utf8').trim().split(' ').at(-1));
  return {seconds, megabytes: kilobytes / 1000};
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
