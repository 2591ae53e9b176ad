import {lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {byCodeUnit} from '../base/canonical.js';
import type {StepId} from '../graph/step.js';
import {findAttempts, readJob} from './attempt.js';
import type {Runs} from './paths.js';
import {readResult, type ResultRecord} from './result.js';

/** What the pipelines of a project can still use. */
export type Reach = {
  /** `<stage>/<key>` of results and attempts. */
  readonly keys: ReadonlySet<string>;
  /** Whether a step waits for its key in one of them: any result of it may be the one. */
  readonly mayCome: (step: StepId) => boolean;
  /** Names of the pipelines; what another one made stays. */
  readonly pipelines: ReadonlySet<string>;
};

/** A folder that no pipeline can reach. */
export type Garbage = {readonly dir: string; readonly because: string; readonly bytes: number};

/** Looks through results and attempts. Attempts that may still run are never among them. */
export function findGarbage(runs: Runs, reach: Reach, before: Date): Garbage[] {
  const found = [...garbageResults(runs, reach), ...garbageAttempts(runs, reach), ...trash(runs)];
  return found
    .filter(({dir}) => (statSync(dir, {throwIfNoEntry: false})?.mtimeMs ?? Infinity) <= before.getTime())
    .map(({dir, because}) => ({dir, because, bytes: sizeOf(dir)}));
}

type Found = Omit<Garbage, 'bytes'>;

/** A record names its stage in its step: `train:model=a`. */
const isReached = ({step, key, pipeline}: Pick<ResultRecord, 'step' | 'key' | 'pipeline'>, reach: Reach): boolean =>
  reach.keys.has(`${step.split(':', 1)[0]!}/${key}`) ||
  reach.mayCome(step) ||
  (pipeline !== undefined && !reach.pipelines.has(pipeline));

function garbageResults(runs: Runs, reach: Reach): Found[] {
  return folders(runs.results).flatMap((dir) => {
    const record = readResult(dir);
    // What is no result is damage, which `ptb store verify` names and moves aside.
    if (!record || isReached(record, reach)) return [];
    return [{dir, because: `result of ${record.step} under a key that it no longer has`}];
  });
}

function garbageAttempts(runs: Runs, reach: Reach): Found[] {
  return folders(runs.attempts).flatMap((folder) =>
    list(folder).flatMap((name): Found[] => {
      const dir = join(folder, name);
      if (/^\d+\.replaces-\d+$/.test(name)) {
        const pipeline = readResult(dir)?.pipeline;
        if (pipeline !== undefined && !reach.pipelines.has(pipeline)) return [];
        return [{dir, because: 'result that a later one replaced'}];
      }
      if (/^damaged-\d+$/.test(name)) return [{dir, because: 'damaged result that was moved aside'}];
      const job = readJob(dir);
      if (!job || isReached(job, reach)) return [];
      const isFailed = findAttempts(folder, job.key).some((one) => one.dir === dir && one.kind === 'failed');
      return isFailed ? [{dir, because: `failed attempt at ${job.step} under a key that it no longer has`}] : [];
    }),
  );
}

const trashOf = (runs: Runs): string => join(runs.root, 'trash');

const trash = (runs: Runs): Found[] =>
  list(trashOf(runs)).map((name) => ({
    dir: join(trashOf(runs), name),
    because: 'left by a collection that was cut off',
  }));

/** Moved away whole first: a result that is half deleted must not be taken for one. */
export function collectGarbage(runs: Runs, garbage: readonly Garbage[]): void {
  mkdirSync(trashOf(runs), {recursive: true});
  for (const [n, {dir}] of garbage.entries()) {
    const aside = join(trashOf(runs), `${process.pid}-${n}`);
    renameSync(dir, aside);
    rmSync(aside, {recursive: true, force: true});
  }
  rmSync(trashOf(runs), {recursive: true, force: true});
}

/** `<stage>/<folder>` below a folder. */
const folders = (root: string): string[] =>
  list(root).flatMap((stage) => list(join(root, stage)).map((name) => join(root, stage, name)));

function sizeOf(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return list(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir).sort(byCodeUnit);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
