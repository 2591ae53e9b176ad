import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {readResult} from '../../src/store/result.js';
import type {Committed, Evidence, Span} from './invariants.js';
import {readLog} from './log.js';
import {SLOTS, type ChaosProject} from './project.js';

const list = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);

/** `<stage>/<folder>` below results/ or attempts/. */
export const folders = (root: string, part: 'results' | 'attempts'): string[] =>
  list(join(root, 'runs', part)).flatMap((stage) =>
    list(join(root, 'runs', part, stage)).map((folder) => `${stage}/${folder}`),
  );

export function results(root: string): Committed[] {
  return folders(root, 'results').flatMap((folder) => {
    const dir = join(root, 'runs/results', folder);
    const record = readResult(dir);
    if (!record) return [];
    const outputs = Object.fromEntries(Object.entries(record.outputs).map(([name, {digest}]) => [name, digest]));
    const ns = statSync(join(dir, 'result.json'), {bigint: true}).mtimeNs;
    return [{id: record.step, folder, attempt: record.attempt, ns, outputs}];
  });
}

/** Attempts that are not results: `<stage>/<folder>/<n>`. */
export const attempts = (root: string): string[] =>
  folders(root, 'attempts').flatMap((folder) =>
    list(join(root, 'runs/attempts', folder)).map((number) => `${folder}/${number}`),
  );

/** Where the last run's journal says that each step's result is. */
function final(root: string, all: readonly Committed[]): ReadonlyMap<string, string> {
  const journals = list(join(root, 'runs/journal')).sort();
  const text = readFileSync(join(root, 'runs/journal', journals.at(-1)!), 'utf8');
  const events = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as {kind: string; step: string; key: string});
  const ended = events.filter(({kind}) => kind === 'cached' || kind === 'done' || kind === 'committing');
  return new Map(
    ended.flatMap(({step, key}) => {
      const result = all.find(({id, folder}) => id === step && folder.endsWith(key.slice(0, 12)));
      return result ? [[step, result.folder]] : [];
    }),
  );
}

/** Of all jobs that came to the record of their end, whatever became of them. */
const spans = (root: string): Span[] =>
  [
    ...attempts(root).map((one) => join('attempts', one, 'exit.json')),
    ...folders(root, 'results').map((one) => join('results', one, 'result.json')),
  ]
    .map((file) => join(root, 'runs', file))
    .filter((file) => existsSync(file))
    .map((file) => {
      const record = JSON.parse(readFileSync(file, 'utf8')) as {started: number | string; ended: number | string};
      return {start: BigInt(Number(new Date(record.started))), end: BigInt(Number(new Date(record.ended)))};
    });

export function gather({root, log}: ChaosProject, seen: ReadonlySet<string>): Evidence {
  const all = results(root);
  const failed = attempts(root).filter((attempt) => existsSync(join(root, 'runs/attempts', attempt, 'failed.json')));
  return {
    lines: readLog(log),
    results: all,
    seen,
    failed: new Set(failed),
    final: final(root, all),
    spans: spans(root),
    slots: SLOTS,
  };
}

/** What a controller that was just killed had under its hands. */
export const MOMENTS = [
  'before its lock',
  'composing',
  'submitting',
  'jobs running',
  'jobs ended, not settled',
  'collecting outputs',
  'committing',
  'journalling',
  'nothing of it',
] as const;
export type Moment = (typeof MOMENTS)[number];

export function moments(root: string, pid: number): ReadonlySet<Moment> {
  const controller = join(root, 'runs/controller.json');
  const owner = existsSync(controller)
    ? (JSON.parse(readFileSync(controller, 'utf8')) as {pid: number}).pid
    : undefined;
  if (owner !== pid) return new Set(['before its lock']);
  const found = new Set<Moment>();
  for (const attempt of attempts(root)) {
    const has = (file: string): boolean => existsSync(join(root, 'runs/attempts', attempt, file));
    if (has('failed.json')) continue;
    if (has('result.json')) found.add('committing');
    else if (has('exit.json')) found.add(has('out') ? 'collecting outputs' : 'jobs ended, not settled');
    else if (has('claimed/owner')) found.add('jobs running');
    else found.add(has('job.json') ? 'submitting' : 'composing');
  }
  const journal = list(join(root, 'runs/journal')).filter((name) => name.endsWith(`-${pid}.jsonl`));
  const text = journal.map((name) => readFileSync(join(root, 'runs/journal', name), 'utf8')).join('');
  const newest = results(root).sort((a, b) => (a.ns < b.ns ? 1 : -1))[0];
  const told = newest && folders(root, 'results').length > 0 && wasTold(root, newest, text);
  if (told === false) found.add('journalling');
  return found.size > 0 ? found : new Set(['nothing of it']);
}

/** Whether any journal has the newest result. */
function wasTold(root: string, {id, attempt}: Committed, mine: string): boolean {
  const told = (text: string): boolean =>
    text
      .split('\n')
      .some((line) => line.includes(`"kind":"done","step":"${id}"`) && line.includes(`"attempt":${attempt},`));
  return (
    told(mine) ||
    mine.includes(`"kind":"cached","step":"${id}"`) ||
    list(join(root, 'runs/journal')).some((name) => told(readFileSync(join(root, 'runs/journal', name), 'utf8')))
  );
}
