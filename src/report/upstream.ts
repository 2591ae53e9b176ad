import {closeSync, fstatSync, openSync, readdirSync, readSync, statSync} from 'node:fs';
import {byCodeUnit} from '../base/canonical.js';
import {groupBy} from '../base/group.js';
import type {Json} from '../base/json.js';
import {PUBLISHED} from '../score/published/rows.js';
import {
  parseAccuracy,
  parseMethod,
  parseRunFolder,
  parseTime,
  parseVerdict,
  UPSTREAM_FILES,
  type Method,
  type RunFolder,
} from '../score/upstream.js';

/** One run of a tree as it was read. */
export type TreeRun = Pick<RunFolder, 'benchmark' | 'model'> &
  Omit<Method, 'name'> & {
    readonly method: string;
    /** Relative to the tree. */
    readonly folder: string;
    readonly accuracy: number | null;
    readonly stderr: number | null;
    readonly n: number;
    /** Why there is no accuracy: no model was left, or its evaluation failed. */
    readonly lacking: {readonly kind: 'missing' | 'failed'; readonly because: string} | null;
    readonly verdict: ReturnType<typeof parseVerdict>;
    readonly seconds: number | null;
  };

/** `runs/imported/NAME.json`. */
export type TreeRecord = {
  readonly version: 1;
  readonly kind: 'upstream';
  readonly name: string;
  readonly from: string;
  /** ISO 8601, UTC. */
  readonly when: string;
  readonly runs: readonly TreeRun[];
  /** Older runs of the same method, benchmark and model: they do not count. */
  readonly superseded: readonly string[];
  readonly unreadable: readonly {readonly path: string; readonly because: string}[];
};

/** A metrics file is some lines; anything far above is none. */
const MAX_BYTES = 1 << 20;

const BENCHMARKS = [
  ...new Set(
    Object.values(PUBLISHED).flatMap(({cells}) =>
      cells.benchmarks.flatMap((name) => [name, name.replaceAll('-', ''), name.replaceAll('-', '_')]),
    ),
  ),
];

/**
 * Reads a result tree of the PostTrainBench repository. What cannot be read is listed and stops nothing; names are bytes,
 * shown with replacement characters where they are no UTF-8.
 */
export function readTree(root: string): Pick<TreeRecord, 'runs' | 'superseded' | 'unreadable'> {
  const unreadable: {path: string; because: string}[] = [];
  const found: {run: TreeRun; id: bigint}[] = [];
  for (const method of folders(Buffer.from(root), '', unreadable)) {
    const {name, ...about} = parseMethod(method.shown);
    const strays: string[] = [];
    for (const folder of folders(method.path, method.shown, unreadable)) {
      const shown = `${method.shown}/${folder.shown}`;
      const parsed = parseRunFolder(folder.shown, BENCHMARKS);
      if (!parsed) {
        strays.push(shown);
        continue;
      }
      const {run: id, ...rest} = parsed;
      found.push({
        id,
        run: {method: name, ...about, ...rest, folder: shown, ...readRun(folder.path, shown, unreadable)},
      });
    }
    unreadable.push(...describeStrays(strays));
  }
  const groups = groupBy(found, ({run}) => JSON.stringify([run.method, run.replicate, run.benchmark, run.model]));
  const runs: TreeRun[] = [];
  const superseded: string[] = [];
  for (const group of groups.values()) {
    const [newest, ...older] = group.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
    runs.push(newest!.run);
    superseded.push(...older.map(({run}) => run.folder));
  }
  return {runs, superseded, unreadable};
}

/** A folder that is no method may hold thousands. */
const describeStrays = ([first, ...more]: readonly string[]): Problems =>
  first === undefined
    ? []
    : [
        {
          path: first,
          because: `is not named <benchmark>_<org>_<model>_<run id>${more.length > 0 ? `, nor are ${more.length} more beside it` : ''}`,
        },
      ];

type Folder = {readonly path: Buffer; readonly shown: string};
type Problems = {path: string; because: string}[];

const below = (path: Buffer, name: Buffer | string): Buffer =>
  Buffer.concat([path, Buffer.from('/'), Buffer.from(name)]);

function folders(path: Buffer, shown: string, problems: Problems): Folder[] {
  try {
    return readdirSync(path, {encoding: 'buffer'})
      .map((name) => ({path: below(path, name), shown: name.toString('utf8')}))
      .filter((folder) => statSync(folder.path, {throwIfNoEntry: false})?.isDirectory())
      .sort((a, b) => byCodeUnit(a.shown, b.shown));
  } catch (error) {
    problems.push({path: shown, because: (error as Error).message});
    return [];
  }
}

function readRun(
  path: Buffer,
  shown: string,
  problems: Problems,
): Pick<TreeRun, 'accuracy' | 'stderr' | 'n' | 'lacking' | 'verdict' | 'seconds'> {
  const text = (name: string): string | undefined => {
    const read = readSmall(below(path, name));
    if (read.kind === 'unreadable') problems.push({path: `${shown}/${name}`, because: read.because});
    return read.kind === 'text' ? read.text : undefined;
  };
  const metrics = text(UPSTREAM_FILES.metrics);
  const parsed = metrics === undefined ? {because: `no ${UPSTREAM_FILES.metrics}`} : parseMetrics(metrics);
  const hasModel = statSync(below(path, UPSTREAM_FILES.finalModel), {throwIfNoEntry: false}) !== undefined;
  const time = text(UPSTREAM_FILES.time);
  const seconds = time === undefined ? undefined : parseTime(time);
  if (time !== undefined && seconds === undefined) {
    problems.push({path: `${shown}/${UPSTREAM_FILES.time}`, because: 'is not H:MM:SS'});
  }
  if (metrics !== undefined && !('accuracy' in parsed)) {
    problems.push({path: `${shown}/${UPSTREAM_FILES.metrics}`, because: parsed.because});
  }
  const [contamination, model] = [text(UPSTREAM_FILES.contamination), text(UPSTREAM_FILES.model)];
  return {
    ...('accuracy' in parsed
      ? {accuracy: parsed.accuracy, stderr: parsed.stderr, n: parsed.n, lacking: null}
      : {
          accuracy: null,
          stderr: null,
          n: 0,
          lacking: hasModel
            ? {kind: 'failed', because: parsed.because}
            : {kind: 'missing', because: `no ${UPSTREAM_FILES.finalModel}`},
        }),
    verdict: parseVerdict({
      ...(contamination === undefined ? {} : {contamination}),
      ...(model === undefined ? {} : {model}),
    }),
    seconds: seconds ?? null,
  };
}

function parseMetrics(text: string): ReturnType<typeof parseAccuracy> {
  try {
    return parseAccuracy(JSON.parse(text) as Json);
  } catch (error) {
    if (error instanceof SyntaxError) return {because: 'metrics.json is not JSON'};
    throw error;
  }
}

type Read =
  | {readonly kind: 'text'; readonly text: string}
  | {readonly kind: 'absent'}
  | {readonly kind: 'unreadable'; readonly because: string};

function readSmall(path: Buffer): Read {
  try {
    const is = statSync(path, {throwIfNoEntry: false});
    if (!is) return {kind: 'absent'};
    // A pipe would be waited for, for ever.
    if (!is.isFile()) return {kind: 'unreadable', because: 'is no file'};
    if (is.size > MAX_BYTES) return {kind: 'unreadable', because: `is larger than ${MAX_BYTES >> 20} MiB`};
    const handle = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(handle).size);
      const count = readSync(handle, bytes);
      return {kind: 'text', text: bytes.toString('utf8', 0, count)};
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    return {kind: 'unreadable', because: (error as Error).message};
  }
}
