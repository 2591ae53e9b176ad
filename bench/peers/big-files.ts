import {readdirSync, readFileSync, rmSync, statfsSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {PTB, write} from '../tool.js';
import {measure, median} from './measure.js';

/** Files of a model, as the hub's are cut. */
const FILES = 4;
/** What the system must keep for itself. */
const SPARE_BYTES = 4e9;

export type BigFiles = {
  readonly gigabytes: number;
  /** Of the same files, as many at once as there are processors. */
  readonly openssl: number;
  /** Seconds from the end of the script that made the files to the end of ptb, less those of a run that made a small one. */
  readonly commit: number;
  /** What the controller and all that it started have read from files, in sizes of the model. */
  readonly passes: number;
};

/** A model of 8 GB, or what fits, becomes a result; three rounds, medians. Linux alone counts what a process has read. */
export async function bigFiles(folder: string): Promise<BigFiles> {
  const {bavail, bsize} = statfsSync(folder);
  const bytes = Math.floor(Math.min(8e9, bavail * bsize - SPARE_BYTES) / FILES);
  const rounds: Omit<BigFiles, 'gigabytes'>[] = [];
  for (let round = 0; round < 3; round++) {
    const small = await commit(join(folder, `small${round}`), 1);
    const large = await commit(join(folder, `large${round}`), bytes);
    const parallel = ['xargs', '-P', String(availableParallelism()), '-n1', 'openssl', 'dgst', '-sha256'].join(' ');
    const digests = await measure({argv: ['bash', '-c', `printf '%s\\n' model/* | ${parallel}`]}, large.out);
    rounds.push({
      openssl: digests.seconds,
      commit: large.seconds - small.seconds,
      passes: (large.read - small.read) / (FILES * bytes),
    });
    rmSync(join(folder, `large${round}`), {recursive: true});
  }
  const of = (field: keyof (typeof rounds)[number]): number => median(rounds.map((one) => one[field]));
  return {gigabytes: (FILES * bytes) / 1e9, openssl: of('openssl'), commit: of('commit'), passes: of('passes')};
}

/** `seconds`: of ptb, without those of its only step. */
async function commit(folder: string, bytes: number): Promise<{seconds: number; read: number; out: string}> {
  const make = `mkdir model; for n in $(seq ${FILES}); do fallocate -l ${bytes} model/model-$n.safetensors; done`;
  write(folder, {
    'pipeline.yaml': stringify({name: 'bench', matrix: {model: ['m']}, sandbox: {use: 'none'}}),
    'stages/train/stage.yaml': stringify({for: [], run: ['bash', '-c', make], outputs: {model: 'model'}}),
  });
  const before = bytesRead();
  const {seconds} = await measure({argv: [process.execPath, PTB, 'pipeline', 'run']}, folder);
  const read = bytesRead() - before;
  const stage = join(folder, 'runs/results/train');
  const result = join(stage, readdirSync(stage)[0]!);
  const record = JSON.parse(readFileSync(join(result, 'result.json'), 'utf8')) as {seconds: {total: number}};
  return {seconds: seconds - record.seconds.total, read, out: join(result, 'out')};
}

/** By this process and its children that have ended. */
const bytesRead = (): number => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);

/** The line of the table. */
export const describe = ({gigabytes, openssl, commit, passes}: BigFiles): string =>
  `g. A model of ${gigabytes.toFixed(1)} GB in ${FILES} files becomes a result in ${commit.toFixed(2)} s (${(gigabytes / commit).toFixed(2)} GB/s), ` +
  `${((100 * openssl) / commit).toFixed(0)} % of the pace of \`openssl dgst -sha256\` on all processors (${(gigabytes / openssl).toFixed(2)} GB/s); ` +
  `its bytes are read ${passes.toFixed(2)} times and never copied.`;
